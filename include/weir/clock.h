#pragma once
#include "weir/time.h"

namespace weir {

/// Processing time. The real one is the system clock; tests use one that only moves when told to.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Any thread.
  virtual Timestamp now() const = 0;
};

/// The system's clock.
const Clock& system_clock();

}  // namespace weir
