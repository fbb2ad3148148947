#include "state/restore.h"

#include <rocksdb/db.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "state/base_directory.h"
#include "state/ingest.h"
#include "state/rescale.h"
#include "state/rocksdb_options.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

absl::StatusOr<std::shared_ptr<rocksdb::DB>> open_database(const rocksdb::Options& options,
                                                           const std::string& folder) {
  rocksdb::DB* opened = nullptr;
  WEIR_RETURN_IF_ERROR(to_absl(rocksdb::DB::Open(options, folder, &opened),
                               absl::StrCat("cannot open the state in ", folder)));
  return std::shared_ptr<rocksdb::DB>(opened);
}

/// Folders of workers that this run does not have keep the space of files that nothing else needs.
absl::Status remove_other_work_folders(const WorkerStoreOptions& options, FileSystem& files) {
  const std::string folder = absl::StrCat(options.checkpoint_directory, "/work");
  absl::StatusOr<std::vector<std::string>> names = files.list(folder);
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  WEIR_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    int worker = 0;
    if (!absl::StartsWith(name, "w") || !absl::SimpleAtoi(name.substr(1), &worker) ||
        worker < options.workers)
      continue;
    WEIR_RETURN_IF_ERROR(files.remove_tree(absl::StrCat(folder, "/", name)));
  }
  return absl::OkStatus();
}

absl::Status verify_snapshot(FileSystem& files, const std::string& checkpoint_directory,
                             const WorkerSnapshot& snapshot) {
  WEIR_RETURN_IF_ERROR(verify_state_files(files, checkpoint_directory, snapshot.base));
  return verify_state_files(files, checkpoint_directory, snapshot.deltas);
}

}  // namespace

absl::StatusOr<std::shared_ptr<rocksdb::DB>> open_snapshot(const rocksdb::Options& options, FileSystem& files,
                                                           const std::string& checkpoint_directory,
                                                           const WorkerSnapshot& snapshot,
                                                           const std::string& folder) {
  WEIR_RETURN_IF_ERROR(make_work_folder(files, checkpoint_directory, snapshot, folder));
  WEIR_ASSIGN_OR_RETURN(std::shared_ptr<rocksdb::DB> database, open_database(options, folder));
  size_t number = 0;
  for (const StateFile& delta : snapshot.deltas) {
    const std::string scratch = absl::StrCat(folder, "/restore-", number++, ".sst");
    WEIR_RETURN_IF_ERROR(files.link(absl::StrCat(checkpoint_directory, "/", delta.path), scratch));
    WEIR_RETURN_IF_ERROR(ingest_file(*database, scratch, delta.checksum));
  }
  return database;
}

absl::StatusOr<RestoredState> restore_state(const WorkerStoreOptions& options,
                                            const rocksdb::Options& database, FileSystem& files,
                                            const std::string& work_folder) {
  if (options.worker == 0) WEIR_RETURN_IF_ERROR(remove_other_work_folders(options, files));
  RestoredState state;
  if (options.restored.empty()) {
    WEIR_ASSIGN_OR_RETURN(state.database,
                          open_snapshot(database, files, options.checkpoint_directory, {}, work_folder));
    return state;
  }
  if (options.restored_key_groups != options.key_groups)
    return absl::InvalidArgumentError(absl::StrCat(
        "the number of key groups is fixed for the life of a checkpoint directory: the checkpoint has ",
        options.restored_key_groups, ", the program asks for ", options.key_groups));
  if (options.restored.size() == static_cast<size_t>(options.workers)) {
    state.snapshot = options.restored[static_cast<size_t>(options.worker)];
    WEIR_RETURN_IF_ERROR(verify_snapshot(files, options.checkpoint_directory, state.snapshot));
    WEIR_ASSIGN_OR_RETURN(state.database, open_snapshot(database, files, options.checkpoint_directory,
                                                        state.snapshot, work_folder));
    return state;
  }
  const std::vector<size_t> sources = workers_to_read(options);
  for (const size_t worker : sources)
    WEIR_RETURN_IF_ERROR(verify_snapshot(files, options.checkpoint_directory, options.restored[worker]));
  WEIR_ASSIGN_OR_RETURN(state.database,
                        open_snapshot(database, files, options.checkpoint_directory, {}, work_folder));
  WEIR_ASSIGN_OR_RETURN(state.snapshot.states,
                        copy_key_groups(options, sources, database, files, work_folder, *state.database));
  state.needs_base = true;
  return state;
}

}  // namespace weir
