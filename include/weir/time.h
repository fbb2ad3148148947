#pragma once
// Event time and lengths of time. Both count milliseconds; the ends of int64 stand for -infinity and
// +infinity, and arithmetic saturates there instead of wrapping.

#include <chrono>
#include <cstdint>
#include <limits>

namespace weir {

using Duration = std::chrono::milliseconds;
/// Milliseconds since 1970-01-01 UTC.
using Timestamp = std::chrono::sys_time<Duration>;

inline constexpr Timestamp kMinTimestamp{Duration{std::numeric_limits<int64_t>::min()}};
inline constexpr Timestamp kMaxTimestamp{Duration{std::numeric_limits<int64_t>::max()}};

constexpr int64_t to_millis(Timestamp time) { return time.time_since_epoch().count(); }
constexpr Timestamp from_millis(int64_t millis) { return Timestamp{Duration{millis}}; }

constexpr int64_t saturating_add(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
}
/// time + by; -infinity and +infinity stay what they are.
constexpr Timestamp saturating_add(Timestamp time, Duration by) {
  if (time == kMinTimestamp || time == kMaxTimestamp) return time;
  return from_millis(saturating_add(to_millis(time), by.count()));
}

}  // namespace weir
