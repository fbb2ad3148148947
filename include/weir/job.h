#pragma once
// A running pipeline.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/options.h"
#include "weir/pipeline.h"

namespace weir {

/// Counters of one operator, summed over workers, since the process started the job.
struct OperatorStatus {
  std::string id;
  uint64_t records_in = 0;
  /// Sources: records that the error policy skipped or sent to the dead letters.
  uint64_t skipped = 0;
};

struct JobStatus {
  enum class State { kRunning, kRestarting, kStopping, kFinished, kFailed };
  State state = State::kRunning;
  /// kFailed: why. Else, after restarts: the last failure.
  absl::Status failure;
  int restarts = 0;
  uint64_t checkpoints = 0;
  uint64_t failed_checkpoints = 0;
  /// The newest decided epoch, and the one up to which all output is out.
  uint64_t decided_epoch = 0;
  uint64_t applied_epoch = 0;
  uint64_t state_memory_bytes = 0;
  std::vector<OperatorStatus> operators;
};

std::string_view to_string(JobStatus::State state);

/// Handle of a running pipeline; all functions from any thread. Destroying it stops the job without a
/// checkpoint, which loses nothing: the next start goes on from the last one.
class Job {
 public:
  class Impl;
  explicit Job(std::unique_ptr<Impl> impl);
  Job(Job&&) noexcept;
  Job& operator=(Job&&) noexcept;
  ~Job();

  /// Until the job has ended. OK: all input is read and all output is out, or stop() has done its work.
  absl::Status wait();

  /// Takes a final checkpoint, waits until its output is out and ends the job; does not wait itself: see
  /// wait().
  void stop();

  JobStatus status() const;

 private:
  std::unique_ptr<Impl> impl_;
};

/// The number of workers that `workers` means: itself, or one per core for 0.
int resolved_workers(int workers);

/// Checks the pipeline, restores and starts it. An error says what, where and what to do; then nothing has
/// run and nothing was written but the empty directory. The pipeline need not outlive the call.
absl::StatusOr<Job> run(const Pipeline& pipeline, RunOptions options = {});

}  // namespace weir
