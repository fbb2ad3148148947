#pragma once
#include <cstdint>

namespace weir {

/// Bytes of memory this process may use: the machine's, or its control group's limit when that is lower.
uint64_t machine_memory_bytes();

}  // namespace weir
