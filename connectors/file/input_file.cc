#include "connectors/file/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {
absl::Status failed(const char* operation, const std::string& path, int error = errno) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", operation, " ", path));
}
}  // namespace

absl::StatusOr<std::unique_ptr<InputFile>> InputFile::open(const std::string& path) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return failed("open", path);
  std::unique_ptr<InputFile> file(new InputFile(descriptor, path));
  struct stat info {};
  if (::fstat(descriptor, &info) != 0) return failed("examine", path);
  if (S_ISDIR(info.st_mode)) return failed("read", path, EISDIR);
  return file;
}

InputFile::~InputFile() { ::close(descriptor_); }

absl::StatusOr<size_t> InputFile::read(char* out, size_t size) {
  ssize_t got = -1;
  do {
    got = ::pread(descriptor_, out, size, static_cast<off_t>(offset_));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return failed("read", path_);
  offset_ += static_cast<uint64_t>(got);
  return static_cast<size_t>(got);
}

absl::StatusOr<uint64_t> InputFile::skip(uint64_t bytes) {
  struct stat info {};
  if (::fstat(descriptor_, &info) != 0) return failed("examine", path_);
  const auto size = static_cast<uint64_t>(info.st_size);
  const uint64_t skipped = std::min(bytes, size > offset_ ? size - offset_ : 0);
  offset_ += skipped;
  return skipped;
}

absl::StatusOr<uint64_t> InputStream::skip(uint64_t bytes) {
  std::vector<char> ignored(1 << 16);
  uint64_t skipped = 0;
  while (skipped < bytes) {
    WEIR_ASSIGN_OR_RETURN(const size_t got,
                          read(ignored.data(), std::min<uint64_t>(ignored.size(), bytes - skipped)));
    if (got == 0) break;
    skipped += got;
  }
  return skipped;
}

absl::StatusOr<std::unique_ptr<InputStream>> open_input_stream(const std::string& path) {
  WEIR_ASSIGN_OR_RETURN(std::unique_ptr<InputFile> file, InputFile::open(path));
  if (path.ends_with(".gz")) return gzip_stream(std::move(file));
  if (path.ends_with(".zst")) return zstd_stream(std::move(file));
  return file;
}

}  // namespace weir
