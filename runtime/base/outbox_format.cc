#include "runtime/base/outbox_format.h"

#include <xxhash.h>

namespace weir::outbox_format {

uint64_t frame_checksum(std::string_view sizes, std::string_view stored) {
  return XXH3_64bits_withSeed(stored.data(), stored.size(), XXH3_64bits(sizes.data(), sizes.size()));
}

}  // namespace weir::outbox_format
