#pragma once
// What a window may still do at the current watermark: W fires a window when W >= end - 1 and closes it, for
// good, when W >= end - 1 + allowed lateness. Before the first watermark (kMinTimestamp) nothing has fired.

#include <optional>
#include <vector>

#include "weir/detail/window_grid.h"

namespace weir::detail {

/// What happens to the records of a slice.
enum class SliceFate {
  kOpen,   ///< some window has not fired, and those that have are closed
  kFired,  ///< some window has fired and takes late records, which fire it again
  kLate,   ///< every window of the slice is closed
  kGap,    ///< the slice belongs to no window
};

/// One task's.
class WindowLifetime {
 public:
  /// Throws OperatorError unless spec and options pass their check.
  WindowLifetime(const WindowSpec& spec, const WindowOptions& options, Timestamp watermark);

  const WindowGrid& grid() const { return grid_; }
  Timestamp watermark() const { return watermark_; }
  void advance(Timestamp watermark) { watermark_ = watermark; }

  bool has_fired(Window window) const { return fires_at(window, watermark_); }
  bool is_closed(Window window) const { return closes_at(window, watermark_); }
  static bool fires_at(Window window, Timestamp watermark) {
    return watermark > kMinTimestamp && window.max_timestamp() <= watermark;
  }
  bool closes_at(Window window, Timestamp watermark) const;

  SliceFate fate_of(const Slice& slice) const;
  /// The windows of a slice that have fired and are not closed, and those that have not fired; ascending.
  void windows_of(const Slice& slice, std::vector<Window>& fired, std::vector<Window>& open) const;
  /// The earliest window that has not fired.
  std::optional<Window> first_unfired() const;

 private:
  WindowGrid grid_;
  Duration allowed_lateness_;
  Timestamp watermark_;
};

}  // namespace weir::detail
