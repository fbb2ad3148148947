#pragma once
// A bounded single-producer single-consumer ring of items from one worker to another (or to itself).
//
// Invariants:
// 1. Only the producer writes tail_ and the slots [head_, head_ + capacity) that are free; only the consumer
// writes head_.
// 2. A slot is handed over by the release store of the index that makes it visible.
// 3. Index stores and the loads of a worker's sleeping flag are sequentially consistent: a producer that saw
// the
//    consumer awake has its item seen by the consumer's last look before it sleeps (and the other way round).

#include <atomic>
#include <vector>

#include "runtime/exchange/item.h"

namespace weir {

class Channel {
 public:
  explicit Channel(size_t capacity) : slots_(capacity) {}

  /// Producer. False, and the item untouched, when full.
  bool push(Item& item) {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - cached_head_ == slots_.size()) {
      cached_head_ = head_.load(std::memory_order_acquire);
      if (tail - cached_head_ == slots_.size()) return false;
    }
    slots_[tail % slots_.size()] = std::move(item);
    tail_.store(tail + 1, std::memory_order_seq_cst);
    return true;
  }

  /// Consumer. False when empty.
  bool pop(Item& item) {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    if (empty()) return false;
    item = std::move(slots_[head % slots_.size()]);
    head_.store(head + 1, std::memory_order_seq_cst);
    return true;
  }

  /// Consumer.
  bool empty() const {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    if (head != cached_tail_) return false;
    cached_tail_ = tail_.load(std::memory_order_seq_cst);
    return head == cached_tail_;
  }

  /// Consumer: the producer may be waiting for room.
  bool full_for_consumer() const {
    return tail_.load(std::memory_order_seq_cst) - head_.load(std::memory_order_relaxed) == slots_.size();
  }

 private:
  std::vector<Item> slots_;
  alignas(64) std::atomic<uint64_t> tail_{0};
  uint64_t cached_head_ = 0;  // producer's
  alignas(64) std::atomic<uint64_t> head_{0};
  mutable uint64_t cached_tail_ = 0;  // consumer's
};

}  // namespace weir
