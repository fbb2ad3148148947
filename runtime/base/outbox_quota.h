#pragma once
// How much output may wait in the outbox.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace weir {

/// Shared by all writers of a sink and by what delivers their output. Any thread.
///
/// At the limit a writer waits only while a decided epoch is being delivered: that will make room. Otherwise
/// only a checkpoint makes room, and its barrier would wait behind the writer for ever (R26): the writer asks
/// for one and goes on.
class OutboxQuota {
 public:
  explicit OutboxQuota(uint64_t limit_bytes) : limit_(limit_bytes) {}

  /// Sealed and not yet applied, and what the current epoch has so far.
  uint64_t pending() const { return pending_.load(std::memory_order_relaxed); }
  uint64_t limit() const { return limit_; }
  bool at_limit() const { return pending() >= limit_; }
  bool must_wait() const { return at_limit() && delivering_.load(std::memory_order_acquire) > 0; }

  void add(uint64_t bytes) { pending_.fetch_add(bytes, std::memory_order_relaxed); }
  void release(uint64_t bytes);

  /// The deliverer: a decided epoch is about to be delivered, or no longer is. Balanced calls.
  void begin_delivery() { delivering_.fetch_add(1, std::memory_order_release); }
  void end_delivery();

  /// `wake` is called, on any thread, when must_wait may have turned false. Gives a ticket for unsubscribe,
  /// after which it is not called again.
  uint64_t subscribe(std::function<void()> wake);
  void unsubscribe(uint64_t ticket);

 private:
  void wake_all();

  const uint64_t limit_;
  std::atomic<uint64_t> pending_{0};
  std::atomic<int> delivering_{0};
  std::mutex mutex_;
  std::map<uint64_t, std::function<void()>> wakes_;
  uint64_t next_ticket_ = 1;
};

}  // namespace weir
