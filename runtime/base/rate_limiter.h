#pragma once
// Pacing of sources: a token bucket on the clock of the job, so that tests pace by virtual time.

#include <cstddef>

#include "weir/clock.h"

namespace weir {

/// At most rate · t records in any t since the start; what was not used is kept for 100 ms (and one record),
/// so that a source that was held back does not rush afterwards. One thread.
class RateLimiter {
 public:
  /// per_second 0: no limit. The clock outlives the limiter.
  RateLimiter(const Clock& clock, double per_second);
  /// How many of `wanted` may go now.
  size_t available(size_t wanted);
  /// They went.
  void take(size_t count) { tokens_ -= static_cast<double>(count); }

 private:
  const Clock* clock_;
  double per_millisecond_;
  double limit_;
  double tokens_ = 0;
  Timestamp refilled_;
};

}  // namespace weir
