#include "runtime/base/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace weir {

namespace {

std::string this_process() {
  char host[256] = {};
  if (::gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  return absl::StrCat("process ", ::getpid(), " on host ", host[0] == '\0' ? "(unknown)" : host);
}

/// The first line of the file, as far as it is printable.
std::string owner_in(int fd) {
  char text[512];
  const ssize_t size = ::pread(fd, text, sizeof text, 0);
  std::string owner;
  for (ssize_t i = 0; i < size && text[i] >= ' ' && text[i] <= '~'; ++i) owner.push_back(text[i]);
  return owner.empty() ? "another process" : owner;
}

absl::Status failed(const char* operation, const std::string& file, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", operation, " ", file));
}

}  // namespace

absl::StatusOr<std::unique_ptr<DirectoryLock>> DirectoryLock::acquire(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed("open", file, errno);
  // From here on the destructor closes it, and so frees the lock.
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(fd));
  int outcome = -1;
  do {
    outcome = ::flock(fd, LOCK_EX | LOCK_NB);
  } while (outcome != 0 && errno == EINTR);
  if (outcome != 0) {
    if (errno != EWOULDBLOCK) return failed("lock", file, errno);
    return absl::FailedPreconditionError(
        absl::StrCat("directory is in use: ", file, " is held by ", owner_in(fd),
                     "; stop that job first, or give this one a directory of its own"));
  }
  // For people only: a full disk must not keep a job from reading its checkpoints.
  const std::string owner = this_process() + "\n";
  if (::ftruncate(fd, 0) == 0 && ::pwrite(fd, owner.data(), owner.size(), 0) < 0) return lock;
  return lock;
}

DirectoryLock::~DirectoryLock() { ::close(fd_); }

}  // namespace weir
