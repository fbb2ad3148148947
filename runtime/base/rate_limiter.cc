#include "runtime/base/rate_limiter.h"

#include <algorithm>

namespace weir {

namespace {
constexpr double kKeptMilliseconds = 100;
/// Sums of fractions of a token may end up just below a whole one.
constexpr double kRounding = 1e-6;
}  // namespace

RateLimiter::RateLimiter(const Clock& clock, double per_second)
    : clock_(&clock),
      per_millisecond_(per_second / 1000),
      limit_(1 + per_millisecond_ * kKeptMilliseconds),
      refilled_(clock.now()) {}

size_t RateLimiter::available(size_t wanted) {
  if (per_millisecond_ <= 0) return wanted;
  const Timestamp now = clock_->now();
  if (now > refilled_) {
    const double earned = static_cast<double>((now - refilled_).count()) * per_millisecond_;
    tokens_ = std::min(limit_, tokens_ + earned);
  }
  refilled_ = now;  // also when the clock was set back: time goes on from there
  const double whole = tokens_ + kRounding;
  if (whole < 1) return 0;
  return whole >= static_cast<double>(wanted) ? wanted : static_cast<size_t>(whole);
}

}  // namespace weir
