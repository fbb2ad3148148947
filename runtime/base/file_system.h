#pragma once
// Files come in through this interface, so that tests can fail a write, fill a disk or forget what was not
// synced. Paths are absolute or relative to the process. Errors name the operation, the path and the system's
// reason.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir {

/// A file being written. After a failed append or sync the file is lost: never sync the same descriptor
/// again.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual absl::Status append(std::string_view bytes) = 0;
  virtual absl::Status sync() = 0;
  virtual absl::Status close() = 0;
};

/// Thread-safe. One function more than the six of style: splitting them would give no caller a smaller
/// dependency.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  /// Mode 0600. Fails with AlreadyExists when the file exists: names are never used twice.
  virtual absl::StatusOr<std::unique_ptr<WritableFile>> create(const std::string& path) = 0;
  /// Up to `size` bytes from `offset`; fewer only at the end of the file.
  virtual absl::StatusOr<std::string> read(const std::string& path, uint64_t offset, uint64_t size) = 0;
  virtual absl::StatusOr<uint64_t> size(const std::string& path) = 0;
  virtual absl::Status rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status link(const std::string& from, const std::string& to) = 0;
  /// OK when it is gone already.
  virtual absl::Status remove(const std::string& path) = 0;
  /// Names, not paths, sorted, without "." and "..".
  virtual absl::StatusOr<std::vector<std::string>> list(const std::string& directory) = 0;
  /// With parents, mode 0700; OK when it exists.
  virtual absl::Status make_directories(const std::string& directory) = 0;
  virtual absl::Status remove_tree(const std::string& directory) = 0;
  virtual absl::Status sync_directory(const std::string& directory) = 0;
};

FileSystem& real_file_system();

/// The whole file.
absl::StatusOr<std::string> read_file(FileSystem& files, const std::string& path);
/// Writes, syncs and closes a new file; the caller syncs the directory.
absl::Status write_file(FileSystem& files, const std::string& path, std::string_view bytes);
/// Puts a file with these bytes in the place of what is at `path`, durably: after a crash there is the old
/// one or the new one. Uses `path`.tmp.
absl::Status replace_file(FileSystem& files, const std::string& path, std::string_view bytes);
/// XXH3-64 of the file's bytes.
absl::StatusOr<uint64_t> checksum_file(FileSystem& files, const std::string& path);

}  // namespace weir
