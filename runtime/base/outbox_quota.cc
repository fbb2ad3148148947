#include "runtime/base/outbox_quota.h"

#include <utility>

#include "weir/detail/check.h"

namespace weir {

void OutboxQuota::release(uint64_t bytes) {
  const uint64_t before = pending_.fetch_sub(bytes, std::memory_order_relaxed);
  WEIR_CHECK(before >= bytes);
  if (before >= limit_ && before - bytes < limit_) wake_all();
}

void OutboxQuota::end_delivery() {
  WEIR_CHECK(delivering_.fetch_sub(1, std::memory_order_acq_rel) > 0);
  if (at_limit()) wake_all();
}

uint64_t OutboxQuota::subscribe(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wakes_.emplace(next_ticket_, std::move(wake));
  return next_ticket_++;
}

void OutboxQuota::unsubscribe(uint64_t ticket) {
  const std::lock_guard lock(mutex_);
  wakes_.erase(ticket);
}

void OutboxQuota::wake_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& [ticket, wake] : wakes_) {
    if (wake) wake();
  }
}

}  // namespace weir
