#pragma once
// One watermark out of several: of the channels into a task, or of the splits of a source.
//
// Invariants:
//  1. The output never decreases, and while not idle it is at most the minimum of the inputs that count.
//  2. An idle input does not count, and its watermarks are ignored. Records make it active again.
//  3. Channels: an input that comes back counts once its watermark has reached the output; until then it does
//  not hold
//     the others back. When all are idle the largest watermark is given out (nothing more will come from the
//     others), then idleness.
//  4. Splits: an input that comes back counts at once: the output waits for it, so that a partition that lags
//  does not
//     become late for good. When all are idle the output stays where it is.

#include <map>
#include <optional>

#include "weir/time.h"

namespace weir {

/// What to send downstream, in this order: idle = false, the watermark, idle = true.
struct WatermarkChange {
  std::optional<Timestamp> watermark;
  std::optional<bool> idle;
  friend bool operator==(const WatermarkChange&, const WatermarkChange&) = default;
};

enum class MergeInputs { kChannels, kSplits };

/// Not thread-safe. An input is a number that its user chooses; unknown ones are bugs.
class WatermarkMerge {
 public:
  /// Inputs 0 … inputs - 1. restored: the output at the checkpoint; inputs and output start from it.
  explicit WatermarkMerge(MergeInputs kind, int inputs = 0, Timestamp restored = kMinTimestamp);

  WatermarkChange update(int input, Timestamp watermark);
  WatermarkChange set_idle(int input);
  WatermarkChange set_active(int input);

  /// A new input, active, with the watermark that it had at the checkpoint.
  WatermarkChange add(int input, Timestamp watermark = kMinTimestamp);
  /// Gives no watermark even when this was the lowest input; the next update does.
  WatermarkChange remove(int input);

  Timestamp watermark() const { return output_; }
  Timestamp watermark_of(int input) const;
  /// All inputs are idle, or there are none.
  bool idle() const { return active_ == 0; }
  bool idle(int input) const;

 private:
  struct Input {
    Timestamp watermark = kMinTimestamp;
    bool active = true;
    bool counts = true;
  };

  const Input& at(int input) const;
  Input& at(int input);
  std::optional<Timestamp> advance();
  std::optional<Timestamp> flush();
  std::optional<bool> idle_change(bool was_idle) const;

  MergeInputs kind_;
  std::map<int, Input> inputs_;
  int active_ = 0;
  Timestamp output_;
};

}  // namespace weir
