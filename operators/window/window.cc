#include "weir/window.h"

#include "absl/strings/str_cat.h"
#include "weir/detail/window_grid.h"

namespace weir {

std::string to_string(Window window) {
  return absl::StrCat("[", to_millis(window.start), ", ", to_millis(window.end), ")");
}

absl::Status WindowSpec::check() const {
  const auto refuse = [this](absl::string_view rule) {
    return absl::InvalidArgumentError(absl::StrCat(rule, ", not ", describe()));
  };
  if (size <= Duration::zero()) return refuse("a window's size must be positive");
  if (slide <= Duration::zero()) return refuse("a window's slide must be positive");
  if (offset <= -slide || offset >= slide) {
    return refuse(size == slide ? "a window's offset must lie between -size and size"
                                : "a window's offset must lie between -slide and slide");
  }
  return absl::OkStatus();
}

std::vector<Window> WindowSpec::assign(Timestamp time) const {
  const detail::WindowGrid grid(*this);
  if (grid.slice_of(time).in_gap) return {};
  const Window last = grid.last_window_of(time);
  std::vector<Window> windows{grid.first_window_of(time)};
  while (windows.back() != last) windows.push_back(*grid.after(windows.back()));
  return windows;
}

std::string WindowSpec::describe() const {
  std::string text = size == slide ? absl::StrCat("tumbling(", size.count(), " ms")
                                   : absl::StrCat("hopping(", size.count(), " ms, ", slide.count(), " ms");
  if (offset != Duration::zero()) absl::StrAppend(&text, ", offset ", offset.count(), " ms");
  return text + ")";
}

absl::Status WindowOptions::check() const {
  if (allowed_lateness >= Duration::zero()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("allowed_lateness must not be negative, but is ", allowed_lateness.count(), " ms"));
}

}  // namespace weir
