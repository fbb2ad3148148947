#include "weir/detail/window_grid.h"

#include <algorithm>
#include <numeric>

#include "weir/detail/check.h"
#include "weir/operator.h"

namespace weir::detail {
namespace {

__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using): __extension__ does not go with using

constexpr Wide kFirst = std::numeric_limits<int64_t>::min();
constexpr Wide kLast = std::numeric_limits<int64_t>::max();

Timestamp cut(Wide time) { return from_millis(static_cast<int64_t>(std::clamp(time, kFirst, kLast))); }

/// The largest multiple of step, shifted by offset, that is not above time.
Wide floor_to(Wide time, int64_t step, int64_t offset) {
  const Wide rest = (time - offset) % step;
  return time - (rest < 0 ? rest + step : rest);
}

/// Where the window's grid cell really starts: kMinTimestamp may stand for an earlier start.
Wide true_start(const WindowSpec& spec, Timestamp start) {
  return floor_to(to_millis(start), spec.slide.count(), spec.offset.count());
}

Window window_at(const WindowSpec& spec, Wide start) { return {cut(start), cut(start + spec.size.count())}; }

}  // namespace

WindowGrid::WindowGrid(const WindowSpec& spec) : spec_(spec), slice_(0) {
  if (absl::Status status = spec.check(); !status.ok()) throw OperatorError(std::move(status));
  slice_ = overlaps() ? std::gcd(spec.size.count(), spec.slide.count()) : spec.size.count();
}

Slice WindowGrid::slice_of(Timestamp time) const {
  const Wide at = to_millis(time);
  const int64_t offset = spec_.offset.count();
  if (overlaps()) {
    const Wide first = floor_to(at, slice_, offset);
    return {cut(first), cut(first + slice_ - 1)};
  }
  const Wide start = floor_to(at, spec_.slide.count(), offset);
  const Wide end = start + spec_.size.count();
  if (at < end) return {cut(start), cut(end - 1)};
  return {.first = cut(end), .last = cut(start + spec_.slide.count() - 1), .in_gap = true};
}

Window WindowGrid::first_window_of(Timestamp time) const {
  const int64_t slide = spec_.slide.count();
  const int64_t offset = spec_.offset.count();
  const Wide start = floor_to(Wide{to_millis(time)} - spec_.size.count(), slide, offset) + slide;
  return window_at(spec_, std::max(start, floor_to(kFirst, slide, offset)));
}

Window WindowGrid::last_window_of(Timestamp time) const { return window_at(spec_, true_start(spec_, time)); }

std::optional<Window> WindowGrid::after(Window window) const {
  const Wide start = true_start(spec_, window.start) + spec_.slide.count();
  if (start > kLast) return std::nullopt;
  return window_at(spec_, start);
}

Window WindowGrid::before(Window window) const {
  return window_at(spec_, true_start(spec_, window.start) - spec_.slide.count());
}

std::optional<Window> WindowGrid::first_firing_after(Timestamp time) const {
  const Wide beyond = Wide{to_millis(time)} + 1;  // the end must be larger
  if (beyond >= kLast) return std::nullopt;
  const int64_t slide = spec_.slide.count();
  const int64_t offset = spec_.offset.count();
  const Wide start = floor_to(beyond - spec_.size.count(), slide, offset) + slide;
  if (start > kLast) return std::nullopt;
  return window_at(spec_, std::max(start, floor_to(kFirst, slide, offset)));
}

Timestamp WindowGrid::last_instant_of(Window window) const {
  return cut(true_start(spec_, window.start) + spec_.size.count() - 1);
}

}  // namespace weir::detail
