#pragma once
// A base: a directory with hard links to the table files of the database and copies of its small files
// (CURRENT, MANIFEST, OPTIONS), as RocksDB's own checkpoint would make it, with the checksum of every file.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/base/file_system.h"
#include "runtime/base/state_files.h"

namespace rocksdb {
class DB;
}

namespace weir {

/// Makes `checkpoint_directory`/`directory`, which must not exist, from what the database holds now;
/// everything is synced when it returns. The paths of the files are relative to checkpoint_directory.
absl::StatusOr<std::vector<StateFile>> make_base_directory(rocksdb::DB& database, FileSystem& files,
                                                           const std::string& checkpoint_directory,
                                                           const std::string& directory);

/// Compares size and checksum of each file with the list; the error names the first that differs or is
/// missing.
absl::Status verify_state_files(FileSystem& files, const std::string& checkpoint_directory,
                                const std::vector<StateFile>& listed);

/// A folder that the database may be opened in: links to the base's table files, copies of the small ones
/// (opening a base in place would change it). Without a base the folder is empty. `folder` is emptied first.
absl::Status make_work_folder(FileSystem& files, const std::string& checkpoint_directory,
                              const WorkerSnapshot& snapshot, const std::string& folder);

}  // namespace weir
