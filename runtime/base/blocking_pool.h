#pragma once
// A small fixed number of threads for work that blocks: fsync, writing state files, blocking user calls.
// Results go back to their worker through its mailbox. The queue has no limit of its own: callers post per
// epoch, not per record.

#include <memory>

#include "absl/functional/any_invocable.h"

namespace weir {

class BlockingPool {
 public:
  explicit BlockingPool(int threads);
  /// Joins.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  /// Any thread. An exception out of `work` is logged and dropped: work that can fail reports it itself.
  void post(absl::AnyInvocable<void()> work);

  /// Waits until everything posted has run, also what running work posts, and ends the threads. Later posts
  /// are destroyed without being run. Idempotent; never from a thread of the pool.
  void join();

 private:
  struct Threads;
  std::unique_ptr<Threads> threads_;
};

}  // namespace weir
