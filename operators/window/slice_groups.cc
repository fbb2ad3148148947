#include "weir/detail/slice_groups.h"

#include <algorithm>

namespace weir::detail {
namespace {

bool holds(const Slice& slice, Timestamp time) { return time >= slice.first && time <= slice.last; }

}  // namespace

void SliceGroups::assign(const std::vector<Timestamp>& times) {
  used_ = 0;
  whole_ = false;
  sorted_.clear();
  if (times.empty()) return;

  const Slice first = begin_group(grid_.slice_of(times.front())).slice;
  bool whole = true;
  for (const Timestamp time : times) whole &= holds(first, time);
  if (whole) {
    whole_ = true;
    return;
  }
  sorted_.emplace_back(first.first, 0);
  size_t current = 0;
  for (size_t i = 0; i < times.size(); ++i) {
    if (!holds(groups_[current].slice, times[i])) current = group_of(times[i]);
    groups_[current].records.push_back(static_cast<uint32_t>(i));
  }
}

SliceGroups::Group& SliceGroups::begin_group(const Slice& slice) {
  if (used_ == groups_.size()) groups_.emplace_back();
  Group& group = groups_[used_++];
  group.slice = slice;
  group.records.clear();
  return group;
}

size_t SliceGroups::group_of(Timestamp time) {
  auto after = std::upper_bound(sorted_.begin(), sorted_.end(), time,
                                [](Timestamp t, const auto& entry) { return t < entry.first; });
  if (after != sorted_.begin() && holds(groups_[std::prev(after)->second].slice, time))
    return std::prev(after)->second;
  const Slice slice = begin_group(grid_.slice_of(time)).slice;
  sorted_.insert(after, {slice.first, used_ - 1});
  return used_ - 1;
}

}  // namespace weir::detail
