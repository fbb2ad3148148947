#pragma once
// Watermarks: a watermark t says that no record with time <= t is expected any more.

#include "absl/types/span.h"
#include "weir/time.h"

namespace weir {

/// The watermark of one split whose records are at most `delay` behind the latest one: the largest time seen
/// - delay - 1 ms, and kMinTimestamp before the first record. Never decreases. A value.
class BoundedOutOfOrderness {
 public:
  /// restored: the watermark of this split at the checkpoint, below which it does not start again.
  explicit BoundedOutOfOrderness(Duration delay, Timestamp restored = kMinTimestamp)
      : delay_(delay), watermark_(restored) {}

  void observe(Timestamp time) {
    if (time > largest_) advance(time);
  }
  void observe(absl::Span<const Timestamp> times) {
    Timestamp largest = largest_;
    for (const Timestamp time : times) largest = time > largest ? time : largest;
    if (largest > largest_) advance(largest);
  }

  Timestamp watermark() const { return watermark_; }

 private:
  void advance(Timestamp largest) {
    largest_ = largest;
    // In integers: a record at +infinity must not end the stream.
    const Timestamp reached =
        from_millis(saturating_add(saturating_add(to_millis(largest), -delay_.count()), -1));
    if (reached > watermark_) watermark_ = reached;
  }

  Duration delay_;
  Timestamp largest_ = kMinTimestamp;
  Timestamp watermark_;
};

}  // namespace weir
