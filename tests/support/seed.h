#pragma once
#include <cstdint>

namespace weir::test {
/// The run's one seed: WEIR_SEED if set, else drawn; printed at the start of each test program.
uint64_t seed();
}  // namespace weir::test
