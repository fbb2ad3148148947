#include "runtime/base/outbox_reader.h"

#include <lz4.h>

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/detail/coding.h"
#include "weir/detail/hash.h"
#include "weir/detail/status_macros.h"

namespace weir {

using namespace outbox_format;

absl::Status OutboxReader::damaged(std::string_view what) const {
  return absl::DataLossError(absl::StrCat("outbox segment ", path_, " is damaged at offset ", offset_, ": ",
                                          std::string(what), "; restore the file from a copy"));
}

absl::Status OutboxReader::take(uint64_t size, std::string_view what, std::string& bytes) {
  if (size > size_ - offset_) {
    return damaged(absl::StrCat("the file ends inside ", std::string(what), ", ", size - (size_ - offset_),
                                " bytes are missing"));
  }
  WEIR_ASSIGN_OR_RETURN(bytes, files_->read(path_, offset_, size));
  if (bytes.size() != size)
    return damaged(absl::StrCat("the file became shorter inside ", std::string(what)));
  offset_ += size;
  return absl::OkStatus();
}

absl::StatusOr<OutboxReader> OutboxReader::open(FileSystem& files, const std::string& path) {
  WEIR_ASSIGN_OR_RETURN(const uint64_t size, files.size(path));
  OutboxReader reader(files, path, size);
  WEIR_RETURN_IF_ERROR(reader.read_header());
  return reader;
}

absl::Status OutboxReader::read_header() {
  std::string header;
  WEIR_RETURN_IF_ERROR(take(kFixedHeaderBytes, "its header", header));
  detail::ByteReader reader(header);
  const std::string_view magic = reader.raw(kMagic.size());
  const auto version = reader.fixed<uint16_t>();
  const auto compression = reader.fixed<uint8_t>();
  const auto zero = reader.fixed<uint8_t>();
  const auto target_bytes = reader.fixed<uint32_t>();
  if (magic != kMagic) return damaged("it does not begin as a segment does");
  if (version != kVersion) {
    return absl::UnimplementedError(absl::StrCat("outbox segment ", path_, " has format version ", version,
                                                 "; this program reads ", kVersion,
                                                 "; use the program that wrote it"));
  }
  if (compression > static_cast<uint8_t>(Compression::kLz4) || zero != 0)
    return damaged("unknown compression");
  if (target_bytes > kMaxTargetBytes) return damaged("the target's name is too long");
  WEIR_RETURN_IF_ERROR(take(target_bytes, "its header", target_));
  std::string checksum;
  WEIR_RETURN_IF_ERROR(take(8, "its header", checksum));
  if (detail::ByteReader(checksum).fixed<uint64_t>() != detail::hash_bytes(header + target_)) {
    return damaged("the header's checksum is wrong");
  }
  compressed_ = compression == static_cast<uint8_t>(Compression::kLz4);
  return absl::OkStatus();
}

absl::Status OutboxReader::read_frame() {
  frame_offset_ = offset_;
  std::string header;
  WEIR_RETURN_IF_ERROR(take(kFrameHeaderBytes, "a frame's header", header));
  detail::ByteReader reader(header);
  const auto stored_size = reader.fixed<uint32_t>();
  const auto raw_size = reader.fixed<uint32_t>();
  const auto records = reader.fixed<uint32_t>();
  const auto checksum = reader.fixed<uint64_t>();
  if (stored_size > kMaxFrameBytes || raw_size > kMaxFrameBytes || stored_size > raw_size || records == 0 ||
      (!compressed_ && stored_size != raw_size)) {
    return damaged("impossible sizes in a frame's header");
  }
  std::string stored;
  WEIR_RETURN_IF_ERROR(take(stored_size, "a frame", stored));
  if (frame_checksum(std::string_view(header).substr(0, kFrameSizesBytes), stored) != checksum) {
    return damaged(absl::StrCat("the checksum of the frame at ", frame_offset_, " is wrong"));
  }
  if (stored_size == raw_size) {
    frame_ = std::move(stored);
  } else {
    frame_.resize(raw_size);
    const int size = LZ4_decompress_safe(stored.data(), frame_.data(), static_cast<int>(stored_size),
                                         static_cast<int>(raw_size));
    if (size != static_cast<int>(raw_size)) return damaged("a frame cannot be decompressed");
  }
  frame_position_ = 0;
  frame_records_ = records;
  return absl::OkStatus();
}

absl::StatusOr<bool> OutboxReader::next(OutboxRecord& record) {
  if (frame_records_ == 0) {
    if (offset_ == size_) return false;
    WEIR_RETURN_IF_ERROR(read_frame());
  }
  detail::ByteReader reader(std::string_view(frame_).substr(frame_position_));
  record = OutboxRecord{};
  record.topic = reader.bytes();
  const uint64_t partition = reader.varint();
  record.time = from_millis(reader.fixed<int64_t>());
  const auto flags = reader.fixed<uint8_t>();
  record.has_key = (flags & kHasKey) != 0;
  record.has_value = (flags & kHasValue) != 0;
  if (record.has_key) record.key = reader.bytes();
  if (record.has_value) record.value = reader.bytes();
  const uint64_t headers = reader.varint();
  if (partition > std::numeric_limits<int32_t>::max() || headers > kMaxHeadersPerRecord ||
      (flags & ~(kHasKey | kHasValue)) != 0) {
    reader.fail();
  }
  record.partition = static_cast<int32_t>(partition);
  for (uint64_t i = 0; i < headers && reader.ok(); ++i) {
    OutboxHeader& header = record.headers.emplace_back();
    header.name = reader.bytes();
    header.has_value = (reader.fixed<uint8_t>() & kHasValue) != 0;
    if (header.has_value) header.value = reader.bytes();
  }
  if (!reader.ok() || record.topic.empty()) {
    offset_ = frame_offset_;
    return damaged("a frame holds a record that cannot be decoded");
  }
  frame_position_ = frame_.size() - reader.remaining();
  if (--frame_records_ == 0 && frame_position_ != frame_.size()) {
    offset_ = frame_offset_;
    return damaged("a frame holds more than its records");
  }
  return true;
}

absl::Status verify_segment(FileSystem& files, const std::string& directory, const Segment& segment) {
  const std::string path = absl::StrCat(directory, "/", segment.name);
  const auto refuse = [&](std::string_view what) {
    return absl::DataLossError(
        absl::StrCat("outbox segment ", path, ", output of a completed checkpoint, ", std::string(what),
                     "; restore it from a copy: going on would lose its ", segment.records, " records"));
  };
  const absl::StatusOr<uint64_t> size = files.size(path);
  if (!size.ok()) return refuse(absl::StrCat("cannot be read (", size.status().message(), ")"));
  if (*size != segment.bytes) return refuse(absl::StrCat("has ", *size, " bytes instead of ", segment.bytes));
  const absl::StatusOr<uint64_t> checksum = checksum_file(files, path);
  if (!checksum.ok()) return refuse(absl::StrCat("cannot be read (", checksum.status().message(), ")"));
  if (*checksum != segment.checksum) return refuse("has other bytes than were written (checksum)");
  return absl::OkStatus();
}

}  // namespace weir
