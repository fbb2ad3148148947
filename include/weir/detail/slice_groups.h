#pragma once
// The records of a batch by the slice they lie in. Most batches lie in one slice and cost one comparison a
// record.

#include <cstdint>
#include <utility>
#include <vector>

#include "weir/detail/window_grid.h"

namespace weir::detail {

/// One task's; reuses its memory from batch to batch.
class SliceGroups {
 public:
  struct Group {
    Slice slice;
    /// Of the batch, ascending; empty when the group is the whole batch.
    std::vector<uint32_t> records;
  };

  explicit SliceGroups(const WindowGrid& grid) : grid_(grid) {}

  /// Makes the groups of these records, in the order of their first records.
  void assign(const std::vector<Timestamp>& times);

  /// All records lie in group(0), whose record list is empty.
  bool whole() const { return whole_; }
  size_t size() const { return used_; }
  const Group& group(size_t i) const { return groups_[i]; }

 private:
  Group& begin_group(const Slice& slice);
  size_t group_of(Timestamp time);

  const WindowGrid& grid_;
  std::vector<Group> groups_;
  size_t used_ = 0;
  bool whole_ = false;
  /// (first instant, group), ascending.
  std::vector<std::pair<Timestamp, size_t>> sorted_;
};

}  // namespace weir::detail
