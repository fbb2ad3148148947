#pragma once
// Barrier alignment of a task with several inputs: an input waits at its barrier until the barrier of the
// same epoch has come on all others; the end of an input counts as its barrier.

#include <optional>
#include <vector>

#include "weir/epoch.h"

namespace weir {

class Alignment {
 public:
  explicit Alignment(size_t inputs) : inputs_(inputs, State::kOpen), open_(inputs) {}

  /// True while nothing may be taken from this input.
  bool blocked(size_t input) const { return inputs_[input] != State::kOpen; }
  bool ended(size_t input) const { return inputs_[input] == State::kEnded; }
  bool all_ended() const { return ended_ == inputs_.size(); }
  bool aligning() const { return epoch_.has_value(); }

  /// The epoch, when this was the last barrier missing: take the snapshot, forward the barrier, then call
  /// release().
  std::optional<Epoch> on_barrier(size_t input, Epoch epoch);
  /// The same for the end of an input.
  std::optional<Epoch> on_end(size_t input);
  /// The snapshot is taken: inputs go on.
  void release();

 private:
  enum class State : uint8_t { kOpen, kWaiting, kEnded };

  std::optional<Epoch> completed() const { return epoch_ && open_ == 0 ? epoch_ : std::nullopt; }

  std::vector<State> inputs_;
  size_t open_;
  size_t ended_ = 0;
  std::optional<Epoch> epoch_;
};

}  // namespace weir
