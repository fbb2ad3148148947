#include "state/key_ranges.h"

#include <algorithm>
#include <limits>

namespace weir {

void make_disjoint(std::vector<KeyRange>& ranges) {
  std::sort(ranges.begin(), ranges.end());
  size_t kept = 0;
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (kept > 0 && ranges[i].first <= ranges[kept - 1].second) {
      if (ranges[i].second > ranges[kept - 1].second) ranges[kept - 1].second = ranges[i].second;
    } else {
      if (kept != i) ranges[kept] = std::move(ranges[i]);
      ++kept;
    }
  }
  ranges.resize(kept);
}

bool covers(const std::vector<KeyRange>& ranges, std::string_view key) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), key,
                       [](std::string_view k, const KeyRange& range) { return k < range.first; });
  return after != ranges.begin() && key < std::prev(after)->second;
}

void HiddenRanges::hide(const KeyRange& range) {
  set_until(range, Epoch{std::numeric_limits<uint64_t>::max()});
}

void HiddenRanges::set_until(const KeyRange& range, Epoch epoch) {
  ranges_[range.first] = Hidden{range.second, epoch};
}

const std::string* HiddenRanges::hidden_until(std::string_view key) const {
  if (ranges_.empty()) return nullptr;
  const auto after = ranges_.upper_bound(key);
  if (after == ranges_.begin()) return nullptr;
  const std::string& end = std::prev(after)->second.end;
  return key < end ? &end : nullptr;
}

void HiddenRanges::base_advanced(Epoch epoch) {
  for (auto at = ranges_.begin(); at != ranges_.end();)
    at = at->second.until <= epoch ? ranges_.erase(at) : std::next(at);
}

}  // namespace weir
