#include "runtime/testing/transcript.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace weir {

void Transcript::add(const std::vector<detail::TestLine>& lines) {
  for (const detail::TestLine& line : lines) lines_.push_back(line.text);
}

void Transcript::add_fired(std::vector<detail::TestLine> lines, std::string mark) {
  for (auto run = lines.begin(); run != lines.end();) {
    const auto end =
        std::find_if(run, lines.end(), [time = run->time](const auto& line) { return line.time != time; });
    std::sort(run, end, [](const auto& a, const auto& b) { return a.text < b.text; });
    run = end;
  }
  add(lines);
  lines_.push_back(std::move(mark));
}

std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& actual) {
  if (expected == actual) return {};
  const auto at = static_cast<size_t>(
      std::mismatch(expected.begin(), expected.end(), actual.begin(), actual.end()).first - expected.begin());
  constexpr size_t kBefore = 4;
  constexpr size_t kAfter = 6;
  std::string text = absl::StrCat("  differs at line ", at + 1, "\n");
  for (size_t i = at < kBefore ? 0 : at - kBefore; i < at; ++i)
    absl::StrAppend(&text, "    ", expected[i], "\n");
  const auto show = [&](absl::string_view label, const std::vector<std::string>& lines) {
    for (size_t i = at; i < std::min(at + kAfter, lines.size()); ++i)
      absl::StrAppend(&text, "  ", label, " ", lines[i], "\n");
    if (at >= lines.size()) absl::StrAppend(&text, "  ", label, " (end)\n");
  };
  show("expected:", expected);
  show("     got:", actual);
  return text;
}

std::string mark_of(char kind, Timestamp time) {
  const std::string value = time == kMaxTimestamp   ? "+inf"
                            : time == kMinTimestamp ? "-inf"
                                                    : absl::StrCat(to_millis(time));
  return absl::StrCat(std::string(1, kind), "(", value, ")");
}

}  // namespace weir
