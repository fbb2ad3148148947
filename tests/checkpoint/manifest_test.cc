#include "checkpoint/manifest.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "absl/strings/str_format.h"
#include "tests/checkpoint/example_manifest.h"
#include "tests/support/catch.h"
#include "tests/support/seed.h"
#include "weir/detail/hash.h"

using namespace weir;  // NOLINT

namespace {

constexpr const char* kFile = "/jobs/market/manifest-00000000000000000042.json";

absl::Status status_of(const std::string& text) { return decode_manifest(text, kFile).status(); }

/// The text with a checksum that is right for it: what a writer with a bug, or an attacker, would give.
std::string with_right_checksum(nlohmann::ordered_json document) {
  document.erase("checksum");
  std::string text = document.dump(2);
  text.resize(text.size() - 2);
  return text + absl::StrFormat(",\n  \"checksum\": \"%016x\"\n}\n", detail::hash_bytes(text));
}

/// The refusal of the example after `change`.
std::string refusal(const std::function<void(nlohmann::ordered_json&)>& change) {
  auto document = nlohmann::ordered_json::parse(encode_manifest(test::example_manifest()));
  change(document);
  const absl::Status status = status_of(with_right_checksum(std::move(document)));
  CHECK(absl::IsDataLoss(status));
  return std::string(status.message());
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("A manifest reads back as it was written") {
  const Manifest manifest = test::example_manifest();
  const auto read = decode_manifest(encode_manifest(manifest), kFile);
  REQUIRE(read.ok());
  CHECK(*read == manifest);
}

TEST_CASE("The smallest manifest reads back too") {
  Manifest manifest;
  manifest.job = "j";
  manifest.state.resize(1);
  const auto read = decode_manifest(encode_manifest(manifest), kFile);
  REQUIRE(read.ok());
  CHECK(*read == manifest);
}

TEST_CASE("The golden file of version 1 reads, and is what is written today") {
  const std::string path = "golden/manifest-1.json";
  if (std::getenv("WEIR_WRITE_GOLDEN") != nullptr)
    std::ofstream(path) << encode_manifest(test::example_manifest());
  std::ostringstream golden;
  golden << std::ifstream(path).rdbuf();
  const auto read = decode_manifest(golden.str(), path);
  REQUIRE(read.ok());
  CHECK(*read == test::example_manifest());
  CHECK(encode_manifest(test::example_manifest()) == golden.str());
}

TEST_CASE("Every truncation of a manifest is refused") {
  const std::string text = encode_manifest(test::example_manifest());
  for (size_t size = 0; size < text.size(); ++size)
    REQUIRE(absl::IsDataLoss(status_of(text.substr(0, size))));
  CHECK(absl::IsDataLoss(status_of(text + "\n")));
  CHECK(absl::IsDataLoss(status_of(text + text)));
}

TEST_CASE("A flipped bit anywhere in a manifest is refused") {
  const std::string text = encode_manifest(test::example_manifest());
  for (size_t at = 0; at < text.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string flipped = text;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      REQUIRE(absl::IsDataLoss(status_of(flipped)));
    }
  }
}

TEST_CASE("Random bytes with a right checksum never crash the reader") {
  std::mt19937_64 random(test::seed());
  const std::string text = encode_manifest(test::example_manifest());
  const std::string body = text.substr(0, text.rfind(",\n  \"checksum\""));
  int read = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string changed = body;
    for (uint64_t edits = 1 + random() % 3; edits > 0; --edits) {
      const size_t at = random() % changed.size();
      const std::string piece = changed.substr(random() % changed.size(), random() % 40);
      if (random() % 2 == 0) {
        changed[at] = static_cast<char>(random());
      } else {
        changed.replace(at, random() % 40, piece);
      }
    }
    changed += absl::StrFormat(",\n  \"checksum\": \"%016x\"\n}\n", detail::hash_bytes(changed));
    const auto decoded = decode_manifest(changed, kFile);
    if (decoded.ok()) {
      ++read;
      REQUIRE(decode_manifest(encode_manifest(*decoded), kFile).value() == *decoded);
    }
  }
  CHECK(read < 3000);
}

TEST_CASE("Nesting without end is refused") {
  const std::string deep(200000, '[');
  CHECK(absl::IsDataLoss(
      status_of(deep + absl::StrFormat(",\n  \"checksum\": \"%016x\"\n}\n", detail::hash_bytes(deep)))));
}

TEST_CASE("A manifest of a newer version is refused as such, not as damaged") {
  auto document = nlohmann::ordered_json::parse(encode_manifest(test::example_manifest()));
  document["version"] = 2;
  document["something new"] = 7;
  const absl::Status status = status_of(with_right_checksum(document));
  REQUIRE(absl::IsFailedPrecondition(status));
  CHECK(contains(std::string(status.message()), "version is 2"));
  CHECK(contains(std::string(status.message()), kFile));
}

TEST_CASE("A refusal names the file, the field and what to do") {
  const std::string text = refusal([](auto& m) { m["targets"][0]["chain"][1]["cut"] = "12"; });
  CHECK(contains(text, kFile));
  CHECK(contains(text, "field targets[0].chain[1].cut is not 32 hexadecimal digits"));
  CHECK(contains(text, "put back a copy"));
}

TEST_CASE("Values of a wrong type, missing ones and surplus ones are refused by field") {
  CHECK(contains(refusal([](auto& m) { m["epoch"] = "42"; }), "field epoch is not a whole number"));
  CHECK(contains(refusal([](auto& m) { m["epoch"] = -1; }), "field epoch"));
  CHECK(contains(refusal([](auto& m) { m["epoch"] = 1.5; }), "field epoch"));
  CHECK(contains(refusal([](auto& m) { m["job"] = 7; }), "field job is neither"));
  CHECK(contains(refusal([](auto& m) { m["job"] = ""; }), "field job is empty"));
  CHECK(contains(refusal([](auto& m) { m.erase("key_hash"); }), "field key_hash is missing"));
  CHECK(contains(refusal([](auto& m) { m["sources"] = nullptr; }), "field sources is not an array"));
  CHECK(contains(refusal([](auto& m) { m["sources"][0] = 7; }), "field sources[0] is not an object"));
  CHECK(contains(refusal([](auto& m) { m["sources"][0]["splits"][1]["watermark"] = "soon"; }),
                 "field sources[0].splits[1].watermark"));
  CHECK(contains(refusal([](auto& m) {
                   m["operators"][1]["state"] = {{"base64", "!"}};
                 }),
                 "field operators[1].state"));
  CHECK(contains(refusal([](auto& m) { m["topics"][1] = 1; }), "field topics[1]"));
  CHECK(contains(refusal([](auto& m) { m["state"][0]["deltas"][0]["checksum"] = "zz"; }),
                 "field state[0].deltas[0].checksum"));
  CHECK(contains(refusal([](auto& m) { m["targets"][1]["surplus"] = 1; }), "field targets[1] has members"));
  CHECK(contains(refusal([](auto& m) { m["format"] = "something else"; }), "field format"));
}

TEST_CASE("Absurd sizes are refused") {
  CHECK(contains(refusal([](auto& m) { m["epoch"] = uint64_t{1} << 63; }),
                 "field epoch is 9223372036854775808"));
  CHECK(contains(refusal([](auto& m) { m["workers"] = 1'000'000'000; }), "field workers"));
  CHECK(contains(refusal([](auto& m) { m["workers"] = 0; }), "field workers"));
  CHECK(contains(refusal([](auto& m) { m["workers"] = 3; }), "field state has 2 entries for 3 workers"));
  CHECK(contains(refusal([](auto& m) { m["key_groups"] = 65537; }), "field key_groups"));
  CHECK(contains(refusal([](auto& m) { m["operators"][0]["worker"] = 65536; }), "field operators[0].worker"));
  CHECK(contains(refusal([](auto& m) { m["state"][0]["states"][0]["number"] = 65536; }), "states[0].number"));
  CHECK(contains(refusal([](auto& m) { m["state"][0]["states"][0]["layout"] = 3; }), "states[0].layout"));
  CHECK(
      contains(refusal([](auto& m) { m["state"][0]["base"][0]["bytes"] = ~uint64_t{0}; }), "base[0].bytes"));
}

TEST_CASE("Paths that leave the job's directory are refused") {
  for (const std::string path : {"", "/etc/passwd", "..", "../other", "state/../../other", "state/..",
                                 "./state", "state//file", "state/"}) {
    CHECK(contains(refusal([&](auto& m) { m["state"][0]["deltas"][0]["path"] = path; }),
                   "field state[0].deltas[0].path is not a path inside"));
    if (path.empty()) continue;
    CHECK(contains(refusal([&](auto& m) { m["state"][0]["base_directory"] = path; }),
                   "field state[0].base_directory"));
  }
  CHECK(contains(refusal([&](auto& m) {
                   m["state"][0]["base"][0]["path"] = {{"base64", "YQBi"}};
                 }),
                 "base[0].path"));
  // Names that only look like it are fine.
  auto document = nlohmann::ordered_json::parse(encode_manifest(test::example_manifest()));
  document["state"][0]["deltas"][0]["path"] = "state/..a/b..";
  CHECK(status_of(with_right_checksum(document)).ok());
}

TEST_CASE("A chain out of order, or beyond the manifest's own epoch, is refused") {
  const auto chain = [](auto& m) -> auto& { return m["targets"][0]["chain"]; };
  CHECK(contains(refusal([&](auto& m) { chain(m)[0]["epoch"] = 42; }), "out of order"));
  CHECK(contains(refusal([&](auto& m) { chain(m)[0]["epoch"] = 40; }), "out of order"));
  CHECK(contains(refusal([&](auto& m) { chain(m)[1]["epoch"] = 43; }), "out of order"));
  CHECK(contains(refusal([&](auto& m) { chain(m)[1]["cut"] = std::string(32, '0'); }), "out of order"));
}
