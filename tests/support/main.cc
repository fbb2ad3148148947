#define CATCH_CONFIG_RUNNER
#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/seed.h"

namespace weir::test {
uint64_t seed() {
  static const uint64_t value = [] {
    if (const char* given = std::getenv("WEIR_SEED"))
      return static_cast<uint64_t>(std::strtoull(given, nullptr, 10));
    return static_cast<uint64_t>(std::random_device{}());
  }();
  return value;
}
}  // namespace weir::test

int main(int argc, char** argv) {
  std::printf("WEIR_SEED=%llu\n", static_cast<unsigned long long>(weir::test::seed()));
  return Catch::Session().run(argc, argv);
}
