#pragma once
// One thread with one Asio loop that runs its tasks: the handlers that are ready, then a step of every task,
// then sleep when nobody had anything to do. Also gathers the tasks' snapshots of an epoch into one
// acknowledgement.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "checkpoint/coordinator.h"
#include "runtime/base/blocking_pool.h"
#include "runtime/execution/task.h"
#include "state/worker_store.h"

namespace weir {

/// The job, as its workers see it. Called from the workers' threads and from the pool.
class WorkerHost {
 public:
  virtual ~WorkerHost() = default;
  virtual void acknowledge(int worker, Epoch epoch, WorkerAck ack) = 0;
  /// The worker's state could not be written; its changes and segments belong to the next epoch.
  virtual void declined(int worker, Epoch epoch, absl::Status reason) = 0;
  /// A task threw, or an output segment could not be made durable (R6): the job restarts or fails.
  virtual void failed(int worker, absl::Status status) = 0;
  /// All tasks have emitted their end.
  virtual void all_finished(int worker) = 0;
  /// Memory is short: a checkpoint that advances the base would free some.
  virtual void want_checkpoint() = 0;
};

struct WorkerOptions {
  int number = 0;
  bool pin = false;
  const Clock& clock;
};

class Worker final : public TaskHost {
 public:
  Worker(WorkerOptions options, WorkerHost& host, BlockingPool& pool, std::unique_ptr<WorkerStore> store);
  /// Stops and joins.
  ~Worker() override;

  // While it is built, before start.
  Signal& signal() { return signal_; }
  WorkerStore& store() { return *store_; }
  /// Sources first, sinks last. Targets' identities by the slots' sink operators, for the acknowledgement.
  void set_tasks(std::vector<std::unique_ptr<Task>> tasks,
                 std::map<const detail::SinkOperator*, std::string> target_of);
  void start();

  // Any thread, between start and join.
  /// A barrier into every source; after the last one nothing is read.
  void trigger(Epoch epoch, bool last);
  void decided(Epoch epoch);
  /// All output of this target up to the epoch is out.
  void applied(const std::string& target, Epoch epoch);
  void wake_source(Task* task);
  void stop();
  void join();

  uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }

  /// Before start, or after join.
  std::vector<std::unique_ptr<Task>>& tasks() { return tasks_; }

  // TaskHost
  void snapshot(Task& task, Epoch epoch) override;
  void finished(Task& task) override;
  bool hold_sources() const override { return store_->over_budget(); }

 private:
  struct Gathering {
    Epoch epoch;
    WorkerAck ack;
    std::vector<std::pair<std::string, SealJob>> seals;
    std::vector<const Task*> missing;
  };

  void run();
  bool step_all();
  void sleep();
  void post(std::function<void()> work);
  void begin(Epoch epoch, bool last);
  void gather(Epoch epoch);
  void complete();
  void advance_base();
  void report(Epoch epoch, std::shared_ptr<Gathering> done, SnapshotJob snapshot);

  WorkerOptions options_;
  WorkerHost& host_;
  BlockingPool& pool_;
  std::unique_ptr<WorkerStore> store_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::map<const detail::SinkOperator*, std::string> target_of_;
  size_t running_ = 0;

  std::unique_ptr<Gathering> gathering_;
  std::optional<Epoch> begun_;
  /// R5: segments by epoch, until it (or a later one) is announced as decided. Touched by the pool job of one
  /// epoch at a time and by the worker, under the mutex.
  std::mutex undecided_mutex_;
  std::map<Epoch, std::vector<std::pair<std::string, Segment>>> undecided_;
  std::map<Epoch, std::map<const Task*, std::vector<detail::SourceSplit>>> source_positions_;

  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_running_{
      loop_.get_executor()};
  Signal signal_;
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> memory_bytes_{0};
  bool wants_checkpoint_ = false;
  std::thread thread_;
};

}  // namespace weir
