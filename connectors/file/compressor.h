#pragma once
// Compression of an output file, as a stream.

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "weir/detail/file_factories.h"

namespace weir {

/// One thread. What comes out is appended to `out`; it may come later than what went in.
class Compressor {
 public:
  virtual ~Compressor() = default;
  virtual absl::Status append(std::string_view bytes, std::string& out) = 0;
  /// Ends the stream; nothing may follow.
  virtual absl::Status finish(std::string& out) = 0;
};

/// Null for kNone.
std::unique_ptr<Compressor> make_compressor(FileCompression compression);
/// "", ".gz", ".zst".
std::string_view compression_suffix(FileCompression compression);

}  // namespace weir
