// The FileSystem of the operating system.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "runtime/base/file_system.h"

namespace weir {

namespace {

/// "cannot <operation> <path>: <the system's reason>".
absl::Status failed(const char* operation, const std::string& path, int error = errno) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", operation, " ", path));
}

/// Owns a descriptor; closing by destruction ignores errors.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

int open_retrying(const std::string& path, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

class RealWritableFile final : public WritableFile {
 public:
  RealWritableFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

  absl::Status append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        return failed("write", path_);
      }
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return absl::OkStatus();
  }

  absl::Status sync() override {
    // Not retried, whatever the reason: the kernel may have dropped the pages that it failed to write.
    if (::fsync(fd_.get()) != 0) return failed("sync", path_);
    return absl::OkStatus();
  }

  absl::Status close() override {
    const int fd = fd_.release();
    if (fd < 0) return absl::OkStatus();
    // On Linux the descriptor is gone also after EINTR.
    if (::close(fd) != 0 && errno != EINTR) return failed("close", path_);
    return absl::OkStatus();
  }

 private:
  Descriptor fd_;
  std::string path_;
};

class RealFileSystem final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<WritableFile>> create(const std::string& path) override {
    const int fd = open_retrying(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) return failed("create", path);
    return std::make_unique<RealWritableFile>(fd, path);
  }

  absl::StatusOr<std::string> read(const std::string& path, uint64_t offset, uint64_t size) override {
    const Descriptor fd(open_retrying(path, O_RDONLY));
    if (fd.get() < 0) return failed("open", path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return failed("examine", path);
    if (S_ISDIR(info.st_mode)) return failed("read", path, EISDIR);
    // What is there bounds the allocation, not what the caller asks for. Files of /proc say 0: those are not
    // read here.
    const auto there = static_cast<uint64_t>(info.st_size);
    const uint64_t wanted = offset >= there ? 0 : std::min(size, there - offset);
    std::string bytes(wanted, '\0');
    uint64_t done = 0;
    while (done < wanted) {
      const ssize_t got =
          ::pread(fd.get(), bytes.data() + done, wanted - done, static_cast<off_t>(offset + done));
      if (got < 0) {
        if (errno == EINTR) continue;
        return failed("read", path);
      }
      if (got == 0) break;
      done += static_cast<uint64_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

  absl::StatusOr<uint64_t> size(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return failed("examine", path);
    return static_cast<uint64_t>(info.st_size);
  }

  absl::Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0)
      return failed(absl::StrCat("rename ", from, " to").c_str(), to);
    return absl::OkStatus();
  }

  absl::Status link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) != 0) return failed(absl::StrCat("link ", from, " as").c_str(), to);
    return absl::OkStatus();
  }

  absl::Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove", path);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> list(const std::string& directory) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), &::closedir);
    if (open == nullptr) return failed("list", directory);
    std::vector<std::string> names;
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(open.get());
      if (entry == nullptr) break;
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
    }
    if (errno != 0) return failed("list", directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  absl::Status make_directories(const std::string& directory) override {
    for (size_t end = 1; end <= directory.size(); ++end) {
      if (end != directory.size() && directory[end] != '/') continue;
      const std::string prefix = directory.substr(0, end);
      if (::mkdir(prefix.c_str(), 0700) == 0) continue;
      const int error = errno;
      struct stat info {};
      // mkdir may give EROFS or EACCES for a parent that exists.
      if (::stat(prefix.c_str(), &info) == 0) {
        if (S_ISDIR(info.st_mode)) continue;
        return failed("make directory", prefix, ENOTDIR);
      }
      return failed("make directory", prefix, error);
    }
    return absl::OkStatus();
  }

  absl::Status remove_tree(const std::string& directory) override {
    std::error_code error;
    std::filesystem::remove_all(directory, error);  // does not follow symbolic links
    if (error) return failed("remove directory", directory, error.value());
    return absl::OkStatus();
  }

  absl::Status sync_directory(const std::string& directory) override {
    const Descriptor fd(open_retrying(directory, O_RDONLY | O_DIRECTORY));
    if (fd.get() < 0) return failed("open directory", directory);
    if (::fsync(fd.get()) != 0) return failed("sync directory", directory);
    return absl::OkStatus();
  }
};

}  // namespace

FileSystem& real_file_system() {
  static RealFileSystem files;
  return files;
}

}  // namespace weir
