#pragma once
// Writes one segment file (layout: outbox.md).

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/base/file_system.h"
#include "runtime/base/outbox_format.h"
#include "runtime/base/outbox_record.h"
#include "weir/sink.h"

struct XXH3_state_s;

namespace weir {

/// One thread at a time. After an error the file is lost: destroy the writer, never list the file (R6).
class OutboxSegmentWriter {
 public:
  /// Creates `directory`/`name` exclusively. `target` is the identity of the target that will deliver it.
  static absl::StatusOr<std::unique_ptr<OutboxSegmentWriter>> create(FileSystem& files,
                                                                     const std::string& directory,
                                                                     const std::string& name,
                                                                     std::string_view target,
                                                                     outbox_format::Compression compression);
  ~OutboxSegmentWriter();
  OutboxSegmentWriter(const OutboxSegmentWriter&) = delete;
  OutboxSegmentWriter& operator=(const OutboxSegmentWriter&) = delete;

  /// InvalidArgument, with the segment intact, when the record is larger than a frame may be.
  absl::Status append(const OutboxRecord& record);
  /// What the file holds and what still waits for its frame to be full.
  uint64_t bytes() const { return segment_.bytes + frame_.size(); }

  /// Writes the last frame, syncs and closes the file, syncs the directory. Call once, last; blocks.
  absl::StatusOr<Segment> seal();

 private:
  OutboxSegmentWriter(FileSystem& files, std::string directory, std::unique_ptr<WritableFile> file,
                      std::string name, outbox_format::Compression compression);
  absl::Status write(std::string_view bytes);
  absl::Status end_frame();

  FileSystem& files_;
  std::string directory_;
  std::unique_ptr<WritableFile> file_;
  outbox_format::Compression compression_;
  /// Name, and the counts of what has been written.
  Segment segment_;
  std::string frame_;
  uint32_t frame_records_ = 0;
  std::string stored_;
  struct FreeHash {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, FreeHash> hash_;
  bool failed_ = false;
};

}  // namespace weir
