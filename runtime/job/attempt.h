#pragma once
// Everything that one attempt to run the job owns: stores, workers, tasks, targets. A failure throws the
// whole attempt away, and the next one starts from the directory as a new process would.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/checkpoint_directory.h"
#include "checkpoint/coordinator.h"
#include "runtime/base/memory_budget.h"
#include "runtime/job/targets.h"
#include "runtime/job/task_builder.h"

namespace weir {

struct AttemptInput {
  const detail::Graph& graph;
  const RunOptions& options;
  /// Not the first attempt of this process.
  bool is_restart = false;
  const Clock& clock;
  FileSystem& files;
  CheckpointDirectory& directory;
  std::shared_ptr<MemoryBudget> budget;
  WorkerHost& host;
  std::vector<std::vector<SlotCounters>>& counters;
  Delivery::Done delivered;
  /// A sink's limit is reached: begin a checkpoint.
  std::function<void()> request_checkpoint;
};

class Attempt {
 public:
  /// Restores, recovers the targets, opens sources and sinks. Blocks. Nothing runs before start().
  static absl::StatusOr<std::unique_ptr<Attempt>> open(const AttemptInput& input);
  /// Stops and joins all threads, drops what is not durable.
  ~Attempt();

  void start();

  Coordinator& coordinator() { return *coordinator_; }
  std::vector<std::unique_ptr<Worker>>& workers() { return workers_; }
  std::vector<std::unique_ptr<Delivery>>& deliveries() { return targets_.deliveries; }
  BlockingPool& pool() { return pool_; }

 private:
  explicit Attempt(const AttemptInput& input);

  /// The newest checkpoint of which every file is as its manifest says; damaged ones are passed over, which
  /// the targets must allow (R7).
  absl::StatusOr<CheckpointDirectory::Choice> choose_whole();
  absl::Status choose();
  absl::Status check_restored() const;
  absl::Status recover_targets();
  absl::Status open_stores();
  absl::Status build();
  absl::Status open_connectors();
  void make_coordinator();
  std::vector<detail::SourceSplit> restored_splits(const detail::Node& node, bool& found) const;
  /// Runs all on the pool; the first error.
  absl::Status all_of(std::vector<absl::AnyInvocable<absl::Status()>> work);

  AttemptInput in_;
  int worker_count_;
  PhysicalPlan plan_;
  std::shared_ptr<std::atomic<bool>> cancelled_ = std::make_shared<std::atomic<bool>>(false);
  std::optional<Manifest> restored_;
  std::string incarnation_;
  std::vector<std::unique_ptr<WorkerStore>> stores_;
  std::vector<std::unique_ptr<Channel>> channels_;
  BlockingPool pool_;
  OpenTargets targets_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Coordinator> coordinator_;
};

}  // namespace weir
