#include "state/base_directory.h"

#include <rocksdb/db.h>

#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "state/file_checksum.h"
#include "state/rocksdb_options.h"
#include "weir/detail/hash.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

/// While it lives the database deletes no file.
class KeepFiles {
 public:
  explicit KeepFiles(rocksdb::DB& database) : database_(database) { database_.DisableFileDeletions(); }
  ~KeepFiles() { database_.EnableFileDeletions(/*force=*/false); }
  KeepFiles(const KeepFiles&) = delete;
  KeepFiles& operator=(const KeepFiles&) = delete;

 private:
  rocksdb::DB& database_;
};

bool is_table_file(const std::string& path) { return absl::EndsWith(path, ".sst"); }
std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

absl::Status unusable(const StateFile& file, const std::string& what) {
  return absl::DataLossError(absl::StrCat("state file of the checkpoint is ", what, ": ", file.path,
                                          ". Restore the file, or start from an older checkpoint"));
}

}  // namespace

absl::StatusOr<std::vector<StateFile>> make_base_directory(rocksdb::DB& database, FileSystem& files,
                                                           const std::string& checkpoint_directory,
                                                           const std::string& directory) {
  const KeepFiles keep(database);
  rocksdb::LiveFilesStorageInfoOptions wanted;
  wanted.include_checksum_info = true;
  wanted.wal_size_for_flush = std::numeric_limits<uint64_t>::max();  // nothing is in a log
  std::vector<rocksdb::LiveFileStorageInfo> live;
  WEIR_RETURN_IF_ERROR(
      to_absl(database.GetLiveFilesStorageInfo(wanted, &live), "cannot list the files of the state"));

  const std::string target = absl::StrCat(checkpoint_directory, "/", directory);
  WEIR_RETURN_IF_ERROR(files.make_directories(target));
  std::vector<StateFile> listed;
  for (const rocksdb::LiveFileStorageInfo& file : live) {
    if (file.file_type == rocksdb::kWalFile) continue;
    const std::string from = absl::StrCat(file.directory, "/", file.relative_filename);
    StateFile copy{absl::StrCat(directory, "/", file.relative_filename), file.size, 0};
    const std::string to = absl::StrCat(checkpoint_directory, "/", copy.path);
    if (file.file_type == rocksdb::kTableFile) {
      WEIR_ASSIGN_OR_RETURN(copy.checksum,
                            from_rocksdb_checksum(from, file.file_checksum_func_name, file.file_checksum));
      WEIR_RETURN_IF_ERROR(files.link(from, to));
    } else {
      std::string bytes = file.replacement_contents;
      if (bytes.empty()) {
        WEIR_ASSIGN_OR_RETURN(bytes, files.read(from, 0, file.size));
      }
      copy.bytes = bytes.size();
      copy.checksum = detail::hash_bytes(bytes);
      WEIR_RETURN_IF_ERROR(write_file(files, to, bytes));
    }
    listed.push_back(std::move(copy));
  }
  WEIR_RETURN_IF_ERROR(files.sync_directory(target));
  WEIR_RETURN_IF_ERROR(files.sync_directory(target.substr(0, target.rfind('/'))));
  return listed;
}

absl::Status verify_state_files(FileSystem& files, const std::string& checkpoint_directory,
                                const std::vector<StateFile>& listed) {
  for (const StateFile& file : listed) {
    const std::string path = absl::StrCat(checkpoint_directory, "/", file.path);
    const absl::StatusOr<uint64_t> size = files.size(path);
    if (absl::IsNotFound(size.status())) return unusable(file, "missing");
    WEIR_RETURN_IF_ERROR(size.status());
    if (*size != file.bytes)
      return unusable(file, absl::StrCat(*size, " bytes long instead of ", file.bytes));
    WEIR_ASSIGN_OR_RETURN(const uint64_t checksum, checksum_file(files, path));
    if (checksum != file.checksum) return unusable(file, "damaged (its checksum differs)");
  }
  return absl::OkStatus();
}

absl::Status make_work_folder(FileSystem& files, const std::string& checkpoint_directory,
                              const WorkerSnapshot& snapshot, const std::string& folder) {
  WEIR_RETURN_IF_ERROR(files.remove_tree(folder));
  WEIR_RETURN_IF_ERROR(files.make_directories(folder));
  for (const StateFile& file : snapshot.base) {
    const std::string from = absl::StrCat(checkpoint_directory, "/", file.path);
    const std::string to = absl::StrCat(folder, "/", file_name(file.path));
    if (is_table_file(file.path)) {
      WEIR_RETURN_IF_ERROR(files.link(from, to));
    } else {
      WEIR_ASSIGN_OR_RETURN(const std::string bytes, read_file(files, from));
      WEIR_RETURN_IF_ERROR(write_file(files, to, bytes));
    }
  }
  return absl::OkStatus();
}

}  // namespace weir
