#pragma once
// The bytes of a file, uncompressed, from front to back.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace weir {

/// One thread. Errors name the file and, of a compressed file, the byte at which it cannot be read on.
class InputStream {
 public:
  virtual ~InputStream() = default;
  /// At least one byte, at most `size` (> 0); 0: the end.
  virtual absl::StatusOr<size_t> read(char* out, size_t size) = 0;
  /// Moves on; gives by how much, which is less only at the end.
  virtual absl::StatusOr<uint64_t> skip(uint64_t bytes);
};

/// By the end of its name: .gz, .zst, anything else is plain.
absl::StatusOr<std::unique_ptr<InputStream>> open_input_stream(const std::string& path);

}  // namespace weir
