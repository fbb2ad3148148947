#pragma once
// Sets of keys given as ranges [first, second).

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/epoch.h"

namespace weir {

using KeyRange = std::pair<std::string, std::string>;

/// Sorts and unites.
void make_disjoint(std::vector<KeyRange>& ranges);
/// `ranges` are sorted and disjoint.
bool covers(const std::vector<KeyRange>& ranges, std::string_view key);

/// Ranges that were deleted in memory and that the base may still show, each until the base has the epoch
/// that holds its deletion. Reads of the base skip them: a slice that expired and is opened again must not
/// see what it was.
class HiddenRanges {
 public:
  bool empty() const { return ranges_.empty(); }
  /// From now on, until a later set_until says when.
  void hide(const KeyRange& range);
  /// Hides it, also when it was not yet, until the base has `epoch`.
  void set_until(const KeyRange& range, Epoch epoch);
  /// The end of a hidden range that contains the key; null: it is visible.
  const std::string* hidden_until(std::string_view key) const;
  void base_advanced(Epoch epoch);

 private:
  struct Hidden {
    std::string end;
    Epoch until;
  };
  /// By begin; a store's tables have equal or disjoint ranges.
  std::map<std::string, Hidden, std::less<>> ranges_;
};

}  // namespace weir
