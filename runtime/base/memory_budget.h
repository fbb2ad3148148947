#pragma once
// How much memory keyed state may take, counted by all workers of a job together.

#include <atomic>
#include <cstdint>

namespace weir {

/// Any thread.
class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t limit) : limit_(limit) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  uint64_t limit() const { return limit_; }
  /// Above this workers drop what they can.
  uint64_t soft_limit() const { return limit_ - limit_ / 8; }
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  void change(uint64_t before, uint64_t after) { used_.fetch_add(after - before, std::memory_order_relaxed); }

  /// A worker that can free nothing before its changes are in the base counts itself here until they are.
  void begin_waiting() { waiting_.fetch_add(1, std::memory_order_relaxed); }
  void end_waiting() { waiting_.fetch_sub(1, std::memory_order_relaxed); }
  /// Sources take a rest: memory is over the limit, and a checkpoint will help.
  bool hold_back() const { return used() > limit_ && waiting_.load(std::memory_order_relaxed) > 0; }

 private:
  const uint64_t limit_;
  std::atomic<uint64_t> used_{0};
  std::atomic<int> waiting_{0};
};

}  // namespace weir
