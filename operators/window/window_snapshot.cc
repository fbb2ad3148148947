#include "weir/detail/window_snapshot.h"

#include "absl/strings/str_cat.h"
#include "weir/operator.h"

namespace weir::detail {

std::string describe_slices(const WindowGrid& grid, bool purges) {
  const WindowSpec& spec = grid.spec();
  const bool has_gaps = spec.slide > spec.size;
  if (has_gaps || (purges && grid.overlaps())) return absl::StrCat("windows of ", spec.describe());
  const int64_t slice = grid.slice_size().count();
  const int64_t rest = spec.offset.count() % slice;
  return absl::StrCat("slices of ", slice, " ms at offset ", rest < 0 ? rest + slice : rest, " ms");
}

void check_restored_slices(const std::string& slices, absl::Span<const std::string> restored) {
  for (const std::string& was : restored) {
    if (was.empty() || was == slices) continue;
    throw OperatorError(absl::FailedPreconditionError(
        absl::StrCat("the checkpoint holds windows as ", was, ", but this pipeline cuts time into ", slices,
                     "; keep size, slide, offset and on_fire, or give the window a new id")));
  }
}

}  // namespace weir::detail
