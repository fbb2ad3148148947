#pragma once
#include <atomic>

#include "weir/clock.h"

namespace weir::test {

/// Stands still until it is told to move. Any thread.
class VirtualClock final : public Clock {
 public:
  Timestamp now() const override { return from_millis(millis_.load()); }
  void advance(Duration by) { millis_ += by.count(); }

 private:
  std::atomic<int64_t> millis_{0};
};

}  // namespace weir::test
