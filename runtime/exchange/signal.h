#pragma once
#include <atomic>
#include <functional>

namespace weir {

/// Wakes a worker that sleeps; costs one load when it does not. The sleeper sets the flag, looks once more at
/// everything that could give it work, and only then sleeps; see the invariants of Channel.
class Signal {
 public:
  explicit Signal(std::function<void()> wake) : wake_(std::move(wake)) {}

  /// Any thread.
  void notify() {
    if (sleeping_.load(std::memory_order_seq_cst) && sleeping_.exchange(false)) wake_();
  }
  /// The worker.
  void about_to_sleep() { sleeping_.store(true, std::memory_order_seq_cst); }
  void awake() { sleeping_.store(false, std::memory_order_relaxed); }

 private:
  std::atomic<bool> sleeping_{false};
  std::function<void()> wake_;
};

}  // namespace weir
