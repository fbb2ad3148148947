#pragma once
// A directory is owned by one live process: flock, which the kernel frees at death. The file stays; its
// existence means nothing, its text names the last owner for people.

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace weir {

class DirectoryLock {
 public:
  /// Takes the lock of `file` (made when missing) without waiting. FailedPrecondition names the owner when
  /// another job holds it, in this process or another.
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> acquire(const std::string& file);
  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace weir
