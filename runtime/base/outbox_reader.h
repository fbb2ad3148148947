#pragma once
// Reads segment files (layout: outbox.md). Any bytes are safe input; errors name file and offset.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/base/file_system.h"
#include "runtime/base/outbox_format.h"
#include "runtime/base/outbox_record.h"
#include "weir/sink.h"

namespace weir {

/// One thread at a time.
class OutboxReader {
 public:
  static absl::StatusOr<OutboxReader> open(FileSystem& files, const std::string& path);

  /// Whose output this is.
  const std::string& target() const { return target_; }

  /// False at the end of the file. The views in `record` are valid until the next call. A file that ends
  /// where a frame ends is complete as far as this can tell: compare with the manifest (verify_segment).
  absl::StatusOr<bool> next(OutboxRecord& record);

 private:
  OutboxReader(FileSystem& files, std::string path, uint64_t size)
      : files_(&files), path_(std::move(path)), size_(size) {}
  absl::Status read_header();
  absl::Status read_frame();
  /// Exactly `size` bytes from offset_, which moves behind them.
  absl::Status take(uint64_t size, std::string_view what, std::string& bytes);
  absl::Status damaged(std::string_view what) const;

  FileSystem* files_;
  std::string path_;
  uint64_t size_ = 0;
  uint64_t offset_ = 0;
  std::string target_;
  bool compressed_ = false;

  /// The records of the current frame that are still to come.
  std::string frame_;
  size_t frame_position_ = 0;
  uint32_t frame_records_ = 0;
  uint64_t frame_offset_ = 0;
};

/// R11: the file has the segment's length and checksum. DataLoss naming the file, what was expected and what
/// was found when it does not; a missing file too: it is never taken for an empty one.
absl::Status verify_segment(FileSystem& files, const std::string& directory, const Segment& segment);

}  // namespace weir
