#pragma once
// For each target: the last epoch known to be out, and every decided epoch since (rules R5 and R14).

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "checkpoint/manifest.h"

namespace weir {

/// By target identity: the segments that workers acknowledged.
using AcknowledgedSegments = std::map<std::string, std::vector<Segment>>;

class TargetChains {
 public:
  /// What the decision of an epoch adds to each target, in the order of entries().
  struct Addition {
    std::vector<std::optional<EpochOutput>> outputs;
    std::vector<std::set<std::string>> listed;
  };

  explicit TargetChains(std::vector<TargetEntry> targets);

  const std::vector<TargetEntry>& entries() const { return entries_; }
  bool has(const std::string& target) const;
  /// Empty for an unknown target.
  absl::Span<const EpochOutput> chain(const std::string& target) const;
  /// A target's first marker is decided and not out yet: nothing may be decided before it is (R14).
  bool awaits_first_marker() const;

  /// Segments that an earlier decided epoch lists already are left out: a worker that had not yet heard of
  /// that decision lists them again. An epoch without output adds nothing: it needs no transaction, and a
  /// marker that is never written must not become the base. A target's first epoch always adds: its marker is
  /// needed.
  Addition plan(Epoch epoch, Cut cut, const AcknowledgedSegments& acknowledged) const;
  /// entries() as they will be: for the manifest.
  std::vector<TargetEntry> entries_with(const Addition& addition) const;
  /// That manifest is decided. Epochs may have been applied since plan.
  void decided(Addition addition);

  /// Everything up to (epoch, cut) leaves the chain; the base moves there unless the target wrote no marker
  /// (what SinkTarget::commit returned). False when it is not in the target's chain.
  bool applied(const std::string& target, Epoch epoch, Cut cut, bool marker_moved);

 private:
  const TargetEntry* find(const std::string& target) const;

  std::vector<TargetEntry> entries_;
  /// For each target, the names that the last decided epoch's acknowledgements listed. A worker lists a
  /// segment until it hears of the decision and never after, so these are all that can come again.
  std::vector<std::set<std::string>> listed_before_;
};

}  // namespace weir
