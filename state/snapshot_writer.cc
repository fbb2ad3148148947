#include "state/snapshot_writer.h"

#include <rocksdb/db.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "runtime/base/fault_point.h"
#include "runtime/base/log.h"
#include "state/base_directory.h"
#include "state/ingest.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

/// Buffers kept for the next epochs, and up to which size: the memory of an ordinary epoch, not that of the
/// largest.
constexpr size_t kSpares = 8;
constexpr size_t kLargestSpare = 16 << 20;

}  // namespace

SnapshotWriter::SnapshotWriter(std::shared_ptr<rocksdb::DB> database, rocksdb::Options options,
                               FileSystem& files, SnapshotFolders folders, WorkerSnapshot listed,
                               bool needs_base)
    : database_(std::move(database)),
      options_(std::move(options)),
      files_(files),
      folders_(std::move(folders)),
      needs_base_(needs_base) {
  // Read once, soon: by a merge or a restore.
  options_.bottommost_compression = rocksdb::kNoCompression;
  base_.directory = std::move(listed.base_directory);
  base_.files = std::move(listed.base);
  base_.listed = true;
  for (StateFile& file : listed.deltas) deltas_.push_back({{}, std::move(file), {}, true, true});
}

void SnapshotWriter::add(Epoch epoch, std::vector<detail::FrozenEntries> parts) {
  uint64_t bytes = 0;
  for (detail::FrozenEntries& part : parts)
    bytes += part.buffer().size() + part.entries().size() * sizeof(detail::FrozenEntries::Entry);
  queued_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  const std::lock_guard lock(queue_mutex_);
  queue_.push_back({epoch, std::move(parts), bytes});
}

detail::FrozenEntries SnapshotWriter::take_spare() {
  const std::lock_guard lock(queue_mutex_);
  if (spares_.empty()) return {};
  detail::FrozenEntries spare = std::move(spares_.back());
  spares_.pop_back();
  return spare;
}

void SnapshotWriter::give_spare(detail::FrozenEntries spare) {
  spare.clear();
  const std::lock_guard lock(queue_mutex_);
  if (spares_.size() < kSpares && spare.buffer().capacity() <= kLargestSpare)
    spares_.push_back(std::move(spare));
}

absl::StatusOr<WorkerSnapshot> SnapshotWriter::write(Epoch epoch, std::vector<StateEntry> states) {
  const std::lock_guard lock(files_mutex_);
  if (needs_base_) {
    // Before anything new goes into the database: this is the restored state.
    WEIR_RETURN_IF_ERROR(make_base(Epoch{}));
    needs_base_ = false;
  }
  WEIR_RETURN_IF_ERROR(write_queued(epoch));
  if (base_.epoch > epoch)
    return absl::AbortedError(
        absl::StrCat("a later epoch's state has replaced that of epoch ", epoch.number));
  base_.listed = true;
  WorkerSnapshot snapshot{base_.directory, base_.files, {}, std::move(states)};
  for (Delta& delta : deltas_) {
    if (delta.epoch > epoch) continue;
    delta.listed = true;
    snapshot.deltas.push_back(delta.file);
  }
  return snapshot;
}

absl::Status SnapshotWriter::make_folder() {
  if (has_folder_) return absl::OkStatus();
  WEIR_RETURN_IF_ERROR(files_.make_directories(absolute(folders_.state)));
  // The entries of the new folders, up to the checkpoint directory, which exists for good.
  std::string folder = absolute(folders_.state);
  while (folder.size() > folders_.checkpoint.size()) {
    folder.resize(folder.rfind('/'));
    WEIR_RETURN_IF_ERROR(files_.sync_directory(folder));
  }
  has_folder_ = true;
  return absl::OkStatus();
}

absl::Status SnapshotWriter::write_queued(Epoch epoch) {
  while (true) {
    Queued* next = nullptr;
    {
      const std::lock_guard lock(queue_mutex_);
      if (!queue_.empty() && queue_.front().epoch <= epoch)
        next = &queue_.front();  // push_back leaves it where it is
    }
    if (next == nullptr) break;
    WEIR_RETURN_IF_ERROR(write_delta(*next));
    for (detail::FrozenEntries& part : next->parts) give_spare(std::move(part));
    const std::lock_guard lock(queue_mutex_);
    queued_bytes_.fetch_sub(next->bytes, std::memory_order_relaxed);
    queue_.pop_front();
  }
  written_ = std::max(written_, epoch);
  return absl::OkStatus();
}

absl::Status SnapshotWriter::write_delta(const Queued& queued) {
  Delta delta{queued.epoch, {}, {}, false, false};
  delta.file.path =
      absl::StrCat(folders_.state, "/", folders_.attempt, "-delta-", queued.epoch.number, ".sst");
  const std::string path = absolute(delta.file.path);
  WEIR_FAULT_POINT("state.before_delta");
  WEIR_RETURN_IF_ERROR(make_folder());
  WEIR_RETURN_IF_ERROR(files_.remove(path));  // of a failed try: nobody lists it
  WEIR_ASSIGN_OR_RETURN(const WrittenFile written,
                        write_delta_file(options_, path, queued.parts, delta.removals));
  WEIR_RETURN_IF_ERROR(files_.sync_directory(absolute(folders_.state)));
  WEIR_FAULT_POINT("state.after_delta");
  delta.file.bytes = written.bytes;
  delta.file.checksum = written.checksum;
  deltas_.push_back(std::move(delta));
  count_pending();
  return absl::OkStatus();
}

absl::StatusOr<BaseAdvanced> SnapshotWriter::advance_base() {
  const std::lock_guard lock(files_mutex_);
  const Epoch epoch = written_;
  WEIR_FAULT_POINT("state.before_base");
  WEIR_RETURN_IF_ERROR(ingest_pending());
  count_pending();
  if (epoch > base_.epoch || needs_base_) {
    WEIR_RETURN_IF_ERROR(make_base(epoch));
    needs_base_ = false;
  }
  is_base_behind_.store(false, std::memory_order_relaxed);
  WEIR_FAULT_POINT("state.after_base");
  return BaseAdvanced{epoch};
}

absl::Status SnapshotWriter::ingest_pending() {
  std::vector<DeltaInput> inputs;
  for (const Delta& delta : deltas_)
    if (!delta.ingested) inputs.push_back({absolute(delta.file.path), &delta.removals});
  if (inputs.empty()) return absl::OkStatus();
  const std::string scratch = absl::StrCat(folders_.work, "/ingest-", scratch_files_++, ".sst");
  uint64_t checksum = 0;
  if (inputs.size() == 1) {
    // Under another name: ingesting takes the name away.
    WEIR_RETURN_IF_ERROR(files_.link(inputs[0].path, scratch));
    for (const Delta& delta : deltas_)
      if (!delta.ingested) checksum = delta.file.checksum;
  } else {
    WEIR_ASSIGN_OR_RETURN(const WrittenFile merged, merge_delta_files(options_, inputs, scratch));
    checksum = merged.checksum;
  }
  WEIR_RETURN_IF_ERROR(ingest_file(*database_, scratch, checksum));
  for (Delta& delta : deltas_) delta.ingested = true;
  is_base_behind_.store(true, std::memory_order_relaxed);
  return absl::OkStatus();
}

absl::Status SnapshotWriter::make_base(Epoch epoch) {
  Base made{epoch, absl::StrCat(folders_.state, "/", folders_.attempt, "-base-", epoch.number), {}, false};
  WEIR_RETURN_IF_ERROR(make_folder());
  // Of a failed try: nobody lists it.
  WEIR_RETURN_IF_ERROR(files_.remove_tree(absolute(made.directory)));
  WEIR_ASSIGN_OR_RETURN(made.files,
                        make_base_directory(*database_, files_, folders_.checkpoint, made.directory));
  forget_replaced();
  base_ = std::move(made);
  return absl::OkStatus();
}

void SnapshotWriter::forget_replaced() {
  const auto tidy = [](const absl::Status& status) {
    if (!status.ok()) log()->warn("cannot remove a replaced state file: {}", std::string(status.message()));
  };
  if (!base_.listed) tidy(files_.remove_tree(absolute(base_.directory)));
  for (const Delta& delta : deltas_)
    if (delta.ingested && !delta.listed) tidy(files_.remove(absolute(delta.file.path)));
  std::erase_if(deltas_, [](const Delta& delta) { return delta.ingested; });
}

void SnapshotWriter::count_pending() {
  size_t count = 0;
  uint64_t bytes = 0;
  for (const Delta& delta : deltas_) {
    if (delta.ingested) continue;
    ++count;
    bytes += delta.file.bytes;
  }
  pending_deltas_.store(count, std::memory_order_relaxed);
  pending_bytes_.store(bytes, std::memory_order_relaxed);
}

}  // namespace weir
