#pragma once
// A file of the operating system, read from front to back.

#include <cstdint>
#include <memory>
#include <string>

#include "connectors/file/input_stream.h"

namespace weir {

class InputFile final : public InputStream {
 public:
  /// Refuses directories.
  static absl::StatusOr<std::unique_ptr<InputFile>> open(const std::string& path);
  ~InputFile() override;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  absl::StatusOr<size_t> read(char* out, size_t size) override;
  absl::StatusOr<uint64_t> skip(uint64_t bytes) override;
  const std::string& path() const { return path_; }

 private:
  InputFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
  uint64_t offset_ = 0;
};

/// As read from `file`; gzip, any number of members.
std::unique_ptr<InputStream> gzip_stream(std::unique_ptr<InputFile> file);
/// Zstandard, any number of frames.
std::unique_ptr<InputStream> zstd_stream(std::unique_ptr<InputFile> file);

}  // namespace weir
