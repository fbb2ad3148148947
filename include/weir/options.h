#pragma once
// How a pipeline runs. Every field has a default; nothing here changes what the results are.

#include <cstdint>
#include <optional>
#include <string>

#include "weir/batch.h"
#include "weir/clock.h"
#include "weir/time.h"

namespace weir {

class FileSystem;

struct CheckpointOptions {
  /// From the start of one checkpoint to the start of the next.
  Duration interval{1000};
  /// A checkpoint that takes longer is given up; its changes belong to the next one.
  Duration timeout{600'000};
  /// From the end of one to the start of the next.
  Duration minimum_pause{0};
  /// So many in a row may fail before the job does.
  int tolerable_failures = 3;
  /// How many decided checkpoints stay in the directory.
  int retained = 3;
};

/// What a start does with the checkpoints it finds in its directory.
struct RestoreChoice {
  enum class From { kLatest, kNone, kEpoch };
  /// kLatest: the newest one, or a first start when there is none. kNone: refuse to start when there is one.
  From from = From::kLatest;
  /// kEpoch: exactly this one, which must be the newest.
  uint64_t epoch = 0;
};

/// A failing task restarts the job inside the process from its last checkpoint. What would fail again ends
/// the job at once: unreadable input (InvalidArgument), damaged files (DataLoss), a target that refuses or
/// belongs to another instance by now (FailedPrecondition, PermissionDenied).
struct RestartOptions {
  /// How many failures are answered with a restart before the job fails; counted anew after `reset_after`
  /// without one.
  int attempts = 3;
  Duration delay{1000};
  Duration reset_after{60'000};
};

struct RunOptions {
  /// Names the job in checkpoints, consumer groups, transactional ids and marker topics.
  std::string name = "weir";
  /// Threads, each running its share of every operator. 0: one per core.
  int workers = 0;
  /// One directory per job. Empty: a temporary one, removed at the end; then nothing survives the process.
  std::string checkpoint_directory = {};
  CheckpointOptions checkpoint;
  RestoreChoice restore;
  /// Start although the checkpoint holds state that no operator of this pipeline claims (it is dropped).
  bool allow_unclaimed_state = false;
  RestartOptions restart;
  /// Bytes for keyed state in memory, all workers together. 0: a quarter of the machine's memory or of the
  /// cgroup limit.
  uint64_t memory_budget = 0;
  /// State moves in this many units when the number of workers changes; fixed for the life of a checkpoint
  /// directory.
  uint32_t key_groups = 1024;
  size_t batch_size = kMaxBatchSize;
  /// Batches that wait between two workers before the producer is held back.
  size_t channel_capacity = 16;
  /// Pins worker i to core i.
  bool pin_workers = false;
  /// Null: the real ones. Must outlive the job.
  const Clock* clock = nullptr;
  FileSystem* files = nullptr;
};

}  // namespace weir
