#include "runtime/base/outbox_segment_writer.h"

#include <lz4.h>
#include <xxhash.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/detail/check.h"
#include "weir/detail/coding.h"
#include "weir/detail/hash.h"
#include "weir/detail/status_macros.h"

namespace weir {

using namespace outbox_format;

namespace {

std::string file_header(std::string_view target, Compression compression) {
  std::string header(kMagic);
  detail::put_fixed(header, kVersion);
  detail::put_fixed(header, static_cast<uint8_t>(compression));
  detail::put_fixed(header, uint8_t{0});
  detail::put_fixed(header, static_cast<uint32_t>(target.size()));
  header.append(target);
  detail::put_fixed(header, detail::hash_bytes(header));
  return header;
}

/// An upper bound of what the record takes in a frame.
size_t encoded_size(const OutboxRecord& record) {
  size_t size = record.topic.size() + record.key.size() + record.value.size() + 64;
  for (const OutboxHeader& header : record.headers) size += header.name.size() + header.value.size() + 24;
  return size;
}

void encode(const OutboxRecord& record, std::string& out) {
  detail::put_bytes(out, record.topic);
  detail::put_varint(out, static_cast<uint64_t>(record.partition));
  detail::put_fixed(out, to_millis(record.time));
  out.push_back(static_cast<char>((record.has_key ? kHasKey : 0) | (record.has_value ? kHasValue : 0)));
  if (record.has_key) detail::put_bytes(out, record.key);
  if (record.has_value) detail::put_bytes(out, record.value);
  detail::put_varint(out, record.headers.size());
  for (const OutboxHeader& header : record.headers) {
    detail::put_bytes(out, header.name);
    out.push_back(static_cast<char>(header.has_value ? kHasValue : 0));
    if (header.has_value) detail::put_bytes(out, header.value);
  }
}

}  // namespace

void OutboxSegmentWriter::FreeHash::operator()(XXH3_state_s* state) const { XXH3_freeState(state); }

absl::StatusOr<std::unique_ptr<OutboxSegmentWriter>> OutboxSegmentWriter::create(FileSystem& files,
                                                                                 const std::string& directory,
                                                                                 const std::string& name,
                                                                                 std::string_view target,
                                                                                 Compression compression) {
  WEIR_CHECK(target.size() <= kMaxTargetBytes);
  WEIR_ASSIGN_OR_RETURN(auto file, files.create(absl::StrCat(directory, "/", name)));
  auto writer = std::unique_ptr<OutboxSegmentWriter>(
      new OutboxSegmentWriter(files, directory, std::move(file), name, compression));
  WEIR_RETURN_IF_ERROR(writer->write(file_header(target, compression)));
  return writer;
}

OutboxSegmentWriter::OutboxSegmentWriter(FileSystem& files, std::string directory,
                                         std::unique_ptr<WritableFile> file, std::string name,
                                         Compression compression)
    : files_(files),
      directory_(std::move(directory)),
      file_(std::move(file)),
      compression_(compression),
      hash_(XXH3_createState()) {
  segment_.name = std::move(name);
  XXH3_64bits_reset(hash_.get());
}

OutboxSegmentWriter::~OutboxSegmentWriter() = default;

absl::Status OutboxSegmentWriter::write(std::string_view bytes) {
  if (failed_) return absl::InternalError(absl::StrCat("outbox segment ", segment_.name, " failed before"));
  failed_ = true;
  WEIR_RETURN_IF_ERROR(file_->append(bytes));
  failed_ = false;
  XXH3_64bits_update(hash_.get(), bytes.data(), bytes.size());
  segment_.bytes += bytes.size();
  return absl::OkStatus();
}

absl::Status OutboxSegmentWriter::append(const OutboxRecord& record) {
  WEIR_CHECK(record.partition >= 0 && record.headers.size() <= kMaxHeadersPerRecord);
  const size_t size = encoded_size(record);
  if (size > kMaxFrameBytes) {
    return absl::InvalidArgumentError(absl::StrCat("an output record for topic ", std::string(record.topic),
                                                   " takes ", size, " bytes; the outbox takes at most ",
                                                   kMaxFrameBytes));
  }
  if (!frame_.empty() && frame_.size() + size > kMaxFrameBytes) WEIR_RETURN_IF_ERROR(end_frame());
  encode(record, frame_);
  ++frame_records_;
  ++segment_.records;
  return frame_.size() >= kFrameTargetBytes ? end_frame() : absl::OkStatus();
}

absl::Status OutboxSegmentWriter::end_frame() {
  if (frame_records_ == 0) return absl::OkStatus();
  std::string_view payload = frame_;
  if (compression_ == Compression::kLz4) {
    stored_.resize(static_cast<size_t>(LZ4_compressBound(static_cast<int>(frame_.size()))));
    const int size = LZ4_compress_default(frame_.data(), stored_.data(), static_cast<int>(frame_.size()),
                                          static_cast<int>(stored_.size()));
    WEIR_CHECK(size > 0);
    // What does not get smaller is stored as it is: both sizes are equal then.
    if (static_cast<size_t>(size) < frame_.size()) {
      payload = std::string_view(stored_.data(), static_cast<size_t>(size));
    }
  }
  std::string header;
  detail::put_fixed(header, static_cast<uint32_t>(payload.size()));
  detail::put_fixed(header, static_cast<uint32_t>(frame_.size()));
  detail::put_fixed(header, frame_records_);
  detail::put_fixed(header, frame_checksum(header, payload));
  WEIR_RETURN_IF_ERROR(write(header));
  WEIR_RETURN_IF_ERROR(write(payload));
  frame_.clear();
  frame_records_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<Segment> OutboxSegmentWriter::seal() {
  WEIR_RETURN_IF_ERROR(end_frame());
  WEIR_RETURN_IF_ERROR(file_->sync());
  WEIR_RETURN_IF_ERROR(file_->close());
  WEIR_RETURN_IF_ERROR(files_.sync_directory(directory_));
  segment_.checksum = XXH3_64bits_digest(hash_.get());
  return segment_;
}

}  // namespace weir
