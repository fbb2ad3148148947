#include "weir/detail/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace weir::detail {

uint64_t hash_bytes(const void* data, size_t size) { return XXH3_64bits(data, size); }

}  // namespace weir::detail
