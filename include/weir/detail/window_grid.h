#pragma once
// The arithmetic of a WindowSpec: which slice and which windows a time lies in, exact up to the ends of
// int64.
//
// Slices of windows that overlap are gcd(size, slide) long and aligned as the windows are, so that a window
// is a whole number of slices; other windows, and the gaps between them, are one slice each. A slice and a
// window are identified by where they start, cut to what int64 holds; windows start no earlier than in the
// slide that holds kMinTimestamp, which keeps these starts different.

#include <optional>

#include "weir/window.h"

namespace weir::detail {

/// Both ends inclusive: the last slice may hold kMaxTimestamp.
struct Slice {
  Timestamp first{};
  Timestamp last{};
  /// Between two windows (slide > size): belongs to none.
  bool in_gap = false;
};

/// Immutable; any thread. Called when a batch meets a new slice and when windows fire, not per record.
class WindowGrid {
 public:
  /// Throws OperatorError unless spec.check().ok().
  explicit WindowGrid(const WindowSpec& spec);

  const WindowSpec& spec() const { return spec_; }
  Duration slice_size() const { return Duration{slice_}; }
  /// A record may belong to several windows.
  bool overlaps() const { return spec_.size > spec_.slide; }

  Slice slice_of(Timestamp time) const;
  /// The earliest and the latest window of a time that is not in a gap.
  Window first_window_of(Timestamp time) const;
  Window last_window_of(Timestamp time) const;
  /// The next window by start; none after the last one that begins before the end of time.
  std::optional<Window> after(Window window) const;
  /// The window before one that is not the first.
  Window before(Window window) const;
  /// The earliest window whose max_timestamp() > time.
  std::optional<Window> first_firing_after(Timestamp time) const;
  /// The last instant of the window; differs from max_timestamp() only where the end was cut.
  Timestamp last_instant_of(Window window) const;

 private:
  WindowSpec spec_;
  int64_t slice_;
};

}  // namespace weir::detail
