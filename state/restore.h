#pragma once
// From the files of a checkpoint to an open database.

#include <rocksdb/options.h>

#include <memory>

#include "absl/status/statusor.h"
#include "runtime/base/file_system.h"
#include "runtime/base/state_files.h"
#include "state/worker_store.h"

namespace weir {

struct RestoredState {
  std::shared_ptr<rocksdb::DB> database;
  /// What the next snapshot goes on from: base and deltas that the database holds all of.
  WorkerSnapshot snapshot;
  /// The database holds state that no base or delta in the checkpoint directory is: the number of workers
  /// changed.
  bool needs_base = false;
};

/// Opens the state in `work_folder`, which is emptied. Fails before anything is opened when a listed file is
/// missing or damaged, or the number of key groups differs.
absl::StatusOr<RestoredState> restore_state(const WorkerStoreOptions& options,
                                            const rocksdb::Options& database, FileSystem& files,
                                            const std::string& work_folder);

/// One worker's snapshot as a database in `folder`.
absl::StatusOr<std::shared_ptr<rocksdb::DB>> open_snapshot(const rocksdb::Options& options, FileSystem& files,
                                                           const std::string& checkpoint_directory,
                                                           const WorkerSnapshot& snapshot,
                                                           const std::string& folder);

}  // namespace weir
