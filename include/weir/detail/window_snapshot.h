#pragma once
// What a window operator writes beside its tables: how it cuts time into slices. State that was cut otherwise
// cannot be read with other sizes.

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "weir/detail/window_grid.h"

namespace weir::detail {

/// "slices of 1000 ms at offset 0 ms", or the windows themselves when each has its own contents.
std::string describe_slices(const WindowGrid& grid, bool purges);

/// Throws OperatorError when a snapshot says something else.
void check_restored_slices(const std::string& slices, absl::Span<const std::string> restored);

}  // namespace weir::detail
