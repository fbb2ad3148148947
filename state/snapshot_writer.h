#pragma once
// Makes the files of a worker's snapshots: a delta for each epoch that changed something, now and then a new
// base.
//
// Invariants:
//  1. Frozen changes stay queued until their delta file is synced: a failed write loses nothing, and the next
//  epoch's
//     job writes the file first.
//  2. The database holds the deltas up to some epoch, in order, and nothing else that is new. A base
//  directory is the
//     database at such a point.
//  3. A file that a snapshot has listed is never deleted here. One that none has, and that a new base
//  replaces, is.
//  4. File operations of one worker run one after the other (files_mutex_); add() never waits for them.

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/base/file_system.h"
#include "runtime/base/state_files.h"
#include "state/delta_file.h"
#include "weir/detail/state_backend.h"
#include "weir/epoch.h"

namespace rocksdb {
class DB;
}

namespace weir {

/// The database of the worker now holds everything up to this epoch.
struct BaseAdvanced {
  Epoch epoch;
};

struct SnapshotFolders {
  /// Absolute; paths in snapshots are relative to it.
  std::string checkpoint;
  /// "state/w<worker>", relative to it.
  std::string state;
  /// Absolute; scratch files, on the same file system.
  std::string work;
  /// "a<attempt>".
  std::string attempt;
};

class SnapshotWriter {
 public:
  /// `listed`: what the restored snapshot has; the database holds all of it. Without a base of its own
  /// (`needs_base`) the first snapshot makes one.
  SnapshotWriter(std::shared_ptr<rocksdb::DB> database, rocksdb::Options options, FileSystem& files,
                 SnapshotFolders folders, WorkerSnapshot listed, bool needs_base);

  /// The frozen changes of an epoch. Worker's thread; epochs in order.
  void add(Epoch epoch, std::vector<detail::FrozenEntries> parts);

  /// An empty buffer, with the memory of one that has been written if there is one. Worker's thread.
  detail::FrozenEntries take_spare();
  void give_spare(detail::FrozenEntries spare);

  /// Writes what is queued up to `epoch` and gives the files that are the state at it. Pool.
  absl::StatusOr<WorkerSnapshot> write(Epoch epoch, std::vector<StateEntry> states);

  /// Brings everything written so far into the database and makes a new base of it. Pool.
  absl::StatusOr<BaseAdvanced> advance_base();

  // Any thread; estimates while a job runs.
  size_t pending_deltas() const { return pending_deltas_.load(std::memory_order_relaxed); }
  uint64_t pending_bytes() const { return pending_bytes_.load(std::memory_order_relaxed); }
  uint64_t queued_bytes() const { return queued_bytes_.load(std::memory_order_relaxed); }
  /// The database holds deltas of which no base could be made yet.
  bool is_base_behind() const { return is_base_behind_.load(std::memory_order_relaxed); }

 private:
  struct Delta {
    Epoch epoch;
    StateFile file;
    Removals removals;
    bool ingested = false;
    bool listed = false;
  };
  struct Queued {
    Epoch epoch;
    std::vector<detail::FrozenEntries> parts;
    uint64_t bytes;
  };
  struct Base {
    Epoch epoch;
    std::string directory;
    std::vector<StateFile> files;
    bool listed = false;
  };

  absl::Status make_folder();
  absl::Status write_queued(Epoch epoch);
  absl::Status write_delta(const Queued& queued);
  absl::Status ingest_pending();
  absl::Status make_base(Epoch epoch);
  void forget_replaced();
  void count_pending();
  std::string absolute(const std::string& relative) const { return folders_.checkpoint + "/" + relative; }

  const std::shared_ptr<rocksdb::DB> database_;
  rocksdb::Options options_;
  FileSystem& files_;
  const SnapshotFolders folders_;

  std::mutex queue_mutex_;
  std::deque<Queued> queue_;
  std::vector<detail::FrozenEntries> spares_;

  std::mutex files_mutex_;
  bool has_folder_ = false;
  bool needs_base_;
  Base base_;
  std::vector<Delta> deltas_;  ///< since the base directory, oldest first
  Epoch written_;              ///< every change up to here is in a delta file
  uint64_t scratch_files_ = 0;

  std::atomic<size_t> pending_deltas_{0};
  std::atomic<uint64_t> pending_bytes_{0};
  std::atomic<uint64_t> queued_bytes_{0};
  std::atomic<bool> is_base_behind_{false};
};

}  // namespace weir
