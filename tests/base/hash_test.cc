#define XXH_INLINE_ALL
#include <xxhash.h>

#include <random>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/seed.h"
#include "weir/detail/hash.h"

using namespace weir;  // NOLINT

TEST_CASE("The key hash is XXH3-64 with seed 0, of any length") {
  std::mt19937_64 random(test::seed());
  for (size_t length = 0; length < 600; length += length < 260 ? 1 : 17) {
    std::string bytes(length, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    REQUIRE(detail::hash_bytes(bytes) == XXH3_64bits(bytes.data(), bytes.size()));
  }
  REQUIRE(detail::kKeyHashName == "xxh3-64");
}

TEST_CASE("Placement of keys never changes: known values of the hash") {
  CHECK(detail::hash_bytes("") == 0x2d06800538d394c2ULL);
  CHECK(detail::hash_bytes("weir") == XXH3_64bits("weir", 4));
  CHECK(detail::hash_u64(0) == XXH3_64bits("\0\0\0\0\0\0\0\0", 8));
}

TEST_CASE("The inlined hashes of 8 and 4 bytes are the same function as over the bytes") {
  std::mt19937_64 random(test::seed());
  for (int i = 0; i < 100000; ++i) {
    // Small numbers and ones with few bits too: keys are seldom random.
    const uint64_t wide = i % 3 == 0   ? random()
                          : i % 3 == 1 ? static_cast<uint64_t>(i)
                                       : uint64_t{1} << (i % 64);
    const auto narrow = static_cast<uint32_t>(wide ^ (wide >> 32));
    REQUIRE(detail::hash_u64(wide) == XXH3_64bits(&wide, sizeof wide));
    REQUIRE(detail::hash_u32(narrow) == XXH3_64bits(&narrow, sizeof narrow));
  }
}
