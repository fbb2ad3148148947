#pragma once
// Everything one worker keeps by key: the typed tables of its operators in memory, over one RocksDB.
//
//   WEIR_ASSIGN_OR_RETURN(auto store, WorkerStore::open({.checkpoint_directory = directory, .worker = 0,
//   ...})); OperatorContext::state = &store->operator_state("counts");
//   ...
//   store->freeze("counts", epoch);                       // at each operator's barrier
//   pool.post([job = store->seal(epoch)]() mutable {      // when all of this worker's operators are frozen
//     absl::StatusOr<WorkerSnapshot> snapshot = job(); ... });
//   if (auto job = store->advance_base()) ...             // after it, on the pool; its result goes to
//   apply() store->maintain();                                    // between batches

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "runtime/base/file_system.h"
#include "runtime/base/memory_budget.h"
#include "runtime/base/state_files.h"
#include "state/block_cache.h"
#include "state/snapshot_writer.h"
#include "state/state_registry.h"
#include "weir/detail/state_backend.h"

namespace weir {

class OperatorState;

struct WorkerStoreOptions {
  /// Absolute. State files go into its `state/`, scratch files into its `work/`; both are one file system.
  std::string checkpoint_directory;
  int worker = 0;
  int workers = 1;
  /// Number of this start in the directory, never used twice: part of every file name.
  uint64_t attempt = 1;
  uint32_t key_groups = 1024;
  /// Shared by the workers; null: no limit.
  std::shared_ptr<MemoryBudget> memory;
  /// Shared by the workers (make_block_cache); null: RocksDB's small default.
  std::shared_ptr<rocksdb::Cache> block_cache;
  /// The snapshots of all workers of the checkpoint to restore, in order; empty: a first start.
  std::vector<WorkerSnapshot> restored;
  /// The key groups that checkpoint was made with.
  uint32_t restored_key_groups = 1024;
  /// Null: the real one. RocksDB's own files do not go through it.
  FileSystem* files = nullptr;
};

/// Runs on the pool; gives the files of the worker's state at the epoch. An error declines the checkpoint and
/// loses nothing: the next epoch's job writes what this one could not.
using SnapshotJob = absl::AnyInvocable<absl::StatusOr<WorkerSnapshot>()>;
using BaseAdvanceJob = absl::AnyInvocable<absl::StatusOr<BaseAdvanced>()>;

/// Worker's thread only, but for open() and the jobs. Jobs may outlive the store; nobody may open the same
/// worker's store in the directory before they have ended.
class WorkerStore {
 public:
  /// Verifies the checksums of the restored files, then opens them in the work folder; with another number of
  /// workers it copies the key groups that belong here. Blocks.
  static absl::StatusOr<std::unique_ptr<WorkerStore>> open(WorkerStoreOptions options);
  ~WorkerStore();
  WorkerStore(const WorkerStore&) = delete;
  WorkerStore& operator=(const WorkerStore&) = delete;

  /// The operator's state; lives as long as the store. `previously`: the id under which older snapshots hold
  /// it.
  detail::StateBackend& operator_state(const std::string& operator_id, const std::string& previously = {});
  /// Restored states that no operator has declared, as "operator/state". After all operators are constructed.
  std::vector<std::string> unclaimed() const { return registry_.unclaimed(); }
  /// Deletes them with the next epoch.
  void drop_unclaimed();

  /// At the operator's barrier. Does nothing for an operator without state.
  void freeze(const std::string& operator_id, Epoch epoch);
  /// Once all operators are frozen for the epoch.
  SnapshotJob seal(Epoch epoch);

  /// A job, when the deltas are many or large or memory is needed and none is under way. Its result goes to
  /// apply().
  std::optional<BaseAdvanceJob> advance_base();
  /// From here on entries that are in the base may leave memory. An error is logged; a later job tries again.
  void apply(const absl::StatusOr<BaseAdvanced>& result);

  /// Between batches: drops what may leave memory when it is short. Bounded work a call.
  void maintain();
  /// Memory is short and only a checkpoint, with a base advance after it, can help: trigger one.
  bool wants_checkpoint() const { return wants_checkpoint_; }
  /// Sources take a rest; barriers and what is under way go on.
  bool over_budget() const { return memory_ != nullptr && memory_->hold_back(); }
  /// Of tables and of frozen changes that are not written yet; as of the last maintain().
  uint64_t memory_bytes() const { return counted_bytes_; }

 private:
  WorkerStore(WorkerStoreOptions options, std::shared_ptr<rocksdb::DB> database,
              std::vector<StateEntry> states, std::shared_ptr<SnapshotWriter> writer);
  void set_waiting(bool waiting);
  void rest_after_advance();
  uint64_t count_memory();
  uint64_t evict(uint64_t bytes);

  const WorkerStoreOptions options_;
  const std::shared_ptr<MemoryBudget> memory_;
  std::shared_ptr<rocksdb::DB> database_;
  StateRegistry registry_;
  std::shared_ptr<SnapshotWriter> writer_;

  struct Operator {
    std::string id;
    std::unique_ptr<OperatorState> state;
  };
  std::vector<Operator> operators_;
  std::vector<detail::FrozenEntries> frozen_;
  std::vector<uint16_t> dropped_states_;

  bool advancing_ = false;
  bool wants_checkpoint_ = false;
  uint64_t counted_bytes_ = 0;
  bool after_advance_ = false;  ///< and memory has been short since
  uint64_t idle_below_ = 0;     ///< nothing can go before memory has grown to this
  uint64_t looked_in_vain_ = 0;
  size_t calls_since_count_ = 0;
  size_t hand_ = 0;
};

}  // namespace weir
