#pragma once
// The watermarks of one source task: one a split, combined as the minimum of the active ones.

#include <memory>
#include <string>
#include <vector>

#include "weir/clock.h"
#include "weir/time.h"

namespace weir::detail {

/// What a source tells downstream: its watermark, and whether all its splits are idle.
struct SourceProgress {
  Timestamp watermark = kMinTimestamp;
  bool idle = false;
  friend bool operator==(const SourceProgress&, const SourceProgress&) = default;
};

class SplitWatermarks {
 public:
  /// idle_after 0: a split is never idle.
  SplitWatermarks(const Clock& clock, Duration max_out_of_orderness, Duration idle_after);
  ~SplitWatermarks();

  /// A split, with the watermark it had at the checkpoint.
  void add(const std::string& name, Timestamp watermark);
  /// Records of this split, which is added when it is new.
  void observe(const std::string& name, const std::vector<Timestamp>& times);
  /// All splits are read to their end: the watermark is kMaxTimestamp.
  void end();
  /// Marks splits idle that were silent for idle_after. A source without splits is idle.
  SourceProgress progress();
  Timestamp of(const std::string& name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::detail
