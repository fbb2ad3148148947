#include "weir/detail/window_lifetime.h"

#include "weir/operator.h"

namespace weir::detail {

WindowLifetime::WindowLifetime(const WindowSpec& spec, const WindowOptions& options, Timestamp watermark)
    : grid_(spec), allowed_lateness_(options.allowed_lateness), watermark_(watermark) {
  if (absl::Status status = options.check(); !status.ok()) throw OperatorError(std::move(status));
}

bool WindowLifetime::closes_at(Window window, Timestamp watermark) const {
  return watermark > kMinTimestamp && saturating_add(window.max_timestamp(), allowed_lateness_) <= watermark;
}

SliceFate WindowLifetime::fate_of(const Slice& slice) const {
  if (slice.in_gap) return SliceFate::kGap;
  const Window last = grid_.last_window_of(slice.first);
  if (is_closed(last)) return SliceFate::kLate;
  if (!has_fired(grid_.first_window_of(slice.first))) return SliceFate::kOpen;
  // Only the latest window that has fired matters: the earlier ones close before it.
  const Window latest_fired = has_fired(last) ? last : grid_.before(*first_unfired());
  return is_closed(latest_fired) ? SliceFate::kOpen : SliceFate::kFired;
}

void WindowLifetime::windows_of(const Slice& slice, std::vector<Window>& fired,
                                std::vector<Window>& open) const {
  fired.clear();
  open.clear();
  const Window last = grid_.last_window_of(slice.first);
  std::optional<Window> window = grid_.first_window_of(slice.first);
  for (; window && window->start <= last.start; window = grid_.after(*window)) {
    if (!has_fired(*window)) {
      open.push_back(*window);
    } else if (!is_closed(*window)) {
      fired.push_back(*window);
    }
  }
}

std::optional<Window> WindowLifetime::first_unfired() const {
  if (watermark_ == kMinTimestamp) return grid_.first_window_of(kMinTimestamp);
  return grid_.first_firing_after(watermark_);
}

}  // namespace weir::detail
