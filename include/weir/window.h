#pragma once
// Windows: which pieces of event time a record is counted in, and what happens to it when it is late.
//
//   trades.window("vwap", weir::tumbling(1min), {.allowed_lateness = 10s}).aggregate<Vwap>();
//   trades.window("load", weir::hopping(1h, 1min)).aggregate<weir::Count>();

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "weir/serde.h"
#include "weir/time.h"

namespace weir {

/// [start, end). Its results carry the time max_timestamp(), and it fires when the watermark reaches that.
struct Window {
  Timestamp start{};
  Timestamp end{};

  /// The last instant that belongs to the window.
  Timestamp max_timestamp() const { return from_millis(to_millis(end) - 1); }
  friend bool operator==(const Window&, const Window&) = default;
};
BOOST_DESCRIBE_STRUCT(Window, (), (start, end))

/// "[1000, 2000)", in milliseconds.
std::string to_string(Window window);

/// Windows of `size`, one every `slide`, aligned to 1970-01-01 UTC + offset. A value; made by tumbling and
/// hopping.
struct WindowSpec {
  Duration size{0};
  Duration slide{0};
  Duration offset{0};

  /// InvalidArgument, naming the values, unless size > 0, slide > 0 and |offset| < slide.
  absl::Status check() const;

  /// The windows that a record of this time belongs to, the earliest first; needs check().ok(). size / slide
  /// of them; none when slide > size and the time lies in the gap. At the ends of time windows are cut to
  /// what int64 holds, and no window begins before the slide that holds kMinTimestamp.
  std::vector<Window> assign(Timestamp time) const;

  /// "tumbling(60000 ms)", "hopping(60000 ms, 1000 ms, offset 100 ms)".
  std::string describe() const;

  friend bool operator==(const WindowSpec&, const WindowSpec&) = default;
};

struct WindowAlignment {
  /// Shifts all windows: tumbling(24h, {.offset = -8h}) gives days of Beijing. |offset| < size (hopping: <
  /// slide).
  Duration offset{0};
};

/// Each record belongs to one window: [0, size), [size, 2 size), …
inline WindowSpec tumbling(Duration size, WindowAlignment alignment = {}) {
  return {size, size, alignment.offset};
}

/// A window of `size` begins every `slide`. slide > size leaves gaps, and records in a gap are dropped.
inline WindowSpec hopping(Duration size, Duration slide, WindowAlignment alignment = {}) {
  return {size, slide, alignment.offset};
}

/// What a window keeps after it has fired, for the late records that are still allowed.
enum class OnFire {
  kAccumulate,  ///< its contents: a late record gives the result of all records so far
  kPurge,       ///< nothing: a late record gives a result of its own
};

struct WindowOptions {
  /// A window takes records until the watermark reaches end - 1 + this; one that comes after it fired fires
  /// it again.
  Duration allowed_lateness{0};
  OnFire on_fire = OnFire::kAccumulate;

  /// InvalidArgument when allowed_lateness is negative.
  absl::Status check() const;
};

}  // namespace weir
