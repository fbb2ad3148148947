#include "absl/strings/str_cat.h"
#include "weir/operator.h"

namespace weir {

std::string describe_position(const BatchBase& batch, size_t index) {
  if (batch.split != nullptr && index < batch.offsets.size()) {
    return absl::StrCat(" at ", *batch.split, " offset ", batch.offsets[index]);
  }
  if (index < batch.times.size()) return absl::StrCat(" at time ", to_millis(batch.times[index]));
  return {};
}

}  // namespace weir
