#pragma once
// The job's control thread: checkpoints, delivery, failures, restarts, the end. The only place that knows all
// parts. Everything below runs on the control thread; other threads post to it.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "runtime/job/attempt.h"
#include "weir/job.h"

namespace weir {

class Job::Impl final : public WorkerHost {
 public:
  Impl(detail::Graph graph, RunOptions options);
  /// Ends the job without a checkpoint.
  ~Impl() override;

  /// The first attempt, on the caller's thread; then the control thread takes over.
  absl::Status start();

  // Any thread.
  absl::Status wait();
  void stop();
  JobStatus status() const;

  // WorkerHost, any thread.
  void acknowledge(int worker, Epoch epoch, WorkerAck ack) override;
  void declined(int worker, Epoch epoch, absl::Status reason) override;
  void failed(int worker, absl::Status status) override;
  void all_finished(int worker) override;
  void want_checkpoint() override;

 private:
  absl::Status open_directory();
  absl::Status open_attempt();
  void run();
  void run_attempt();
  void end(JobStatus::State state, absl::Status failure);
  bool wait_before_restart();

  // Steps of run_attempt.
  void begin_checkpoint();
  void write_manifest();
  void on_written(Epoch epoch, const absl::Status& status);
  void release_files();
  void deliver();
  void on_delivered(const std::string& target, const absl::StatusOr<Delivery::Delivered>& last);
  bool all_is_out();
  void fail(absl::Status status);
  void publish();

  /// Runs `work` on the control thread if this attempt is still the current one.
  void post(std::function<void()> work);

  detail::Graph graph_;
  RunOptions options_;
  const Clock& clock_;
  FileSystem& files_;
  std::string temporary_directory_;
  std::shared_ptr<MemoryBudget> budget_;
  std::vector<std::vector<SlotCounters>> counters_;
  std::unique_ptr<CheckpointDirectory> directory_;

  boost::asio::io_context control_{1};
  /// Without it run_one_for would return at once when nothing is posted.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> keep_waiting_{
      control_.get_executor()};
  std::thread thread_;
  std::atomic<uint64_t> attempt_number_{0};
  std::unique_ptr<Attempt> attempt_;

  // State of the current attempt.
  absl::Status failure_;
  int acks_missing_ = 0;
  int workers_finished_ = 0;
  bool directory_busy_ = false;
  /// Targets that have a chain and have not answered.
  std::set<std::string> delivering_;
  std::optional<Epoch> final_epoch_;

  // State of the job.
  bool stop_requested_ = false;
  bool abort_requested_ = false;
  int restarts_left_ = 0;
  Timestamp attempt_started_{};

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool has_ended_ = false;
  JobStatus status_;
};

}  // namespace weir
