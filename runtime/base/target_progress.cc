#include "runtime/base/target_progress.h"

namespace weir {

std::optional<size_t> delivered_count(const TargetProgress& progress, Epoch marker_epoch, Cut marker_cut) {
  // The latest first: a rewind's first manifest (R15) lists nothing twice, but "further" is the safe reading.
  for (size_t i = progress.chain.size(); i > 0; --i) {
    const EpochOutput& output = progress.chain[i - 1];
    if (output.epoch == marker_epoch && output.cut == marker_cut) return i;
  }
  if (progress.has_base && progress.base_epoch == marker_epoch && progress.base_cut == marker_cut) return 0;
  return std::nullopt;
}

}  // namespace weir
