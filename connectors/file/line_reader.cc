#include "connectors/file/line_reader.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {
/// Read, and at most decompressed, in one poll: well below a millisecond.
constexpr size_t kPiece = 128 << 10;

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }
}  // namespace

absl::StatusOr<std::unique_ptr<LineReader>> LineReader::open(const std::string& path, LinePosition start,
                                                             LineOptions options) {
  std::unique_ptr<LineReader> reader(new LineReader(path, options));
  WEIR_ASSIGN_OR_RETURN(reader->stream_, open_input_stream(path));
  WEIR_RETURN_IF_ERROR(reader->move_to(start));
  return reader;
}

absl::Status LineReader::move_to(LinePosition start) {
  position_ = {start.line, start.byte, false};
  if (start.byte == 0) return absl::OkStatus();
  char before = '\0';
  WEIR_ASSIGN_OR_RETURN(uint64_t skipped, stream_->skip(start.byte - 1));
  if (skipped == start.byte - 1) {
    WEIR_ASSIGN_OR_RETURN(const size_t got, stream_->read(&before, 1));
    skipped += got;
  }
  if (skipped < start.byte) {
    return absl::DataLossError(absl::StrCat(path_, " has ", skipped,
                                            " bytes, but the checkpoint's position in it is ",
                                            start.to_string(), ": it was cut off or replaced"));
  }
  if (before == '\n') return absl::OkStatus();
  // Right only behind a last line without a newline, and only if nothing has been added to it.
  buffer_.resize(kPiece);
  WEIR_RETURN_IF_ERROR(fill());
  if (stream_ended_ && start.end) {
    finish();
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat(path_, ": the checkpoint's position ", start.to_string(),
                   " is not the start of a line: the file was replaced, or its last line went on later"));
}

absl::Status LineReader::read(size_t max_records, std::vector<RawRecord>& records) {
  if (position_.end || max_records == 0) return absl::OkStatus();
  const size_t before = records.size();
  WEIR_RETURN_IF_ERROR(take_lines(max_records, records));
  if (records.size() > before) return absl::OkStatus();
  WEIR_RETURN_IF_ERROR(fill());
  WEIR_RETURN_IF_ERROR(take_lines(max_records, records));
  if (!stream_ended_) return absl::OkStatus();
  if (end_ > begin_ && records.size() == before) {
    unfinished_line_ = position_.line;
    const std::string_view line(buffer_.data() + begin_, end_ - begin_);
    begin_ = end_;
    WEIR_RETURN_IF_ERROR(take(line, line.size(), records));
  }
  if (begin_ == end_) finish();
  return absl::OkStatus();
}

absl::Status LineReader::fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    searched_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < kPiece) buffer_.resize(end_ + std::max(end_, kPiece));
  WEIR_ASSIGN_OR_RETURN(const size_t got, stream_->read(buffer_.data() + end_, kPiece));
  end_ += got;
  stream_ended_ = got == 0;
  return absl::OkStatus();
}

absl::Status LineReader::take_lines(size_t max_records, std::vector<RawRecord>& records) {
  const size_t limit = records.size() + max_records;
  while (records.size() < limit && searched_ < end_) {
    const void* newline = std::memchr(buffer_.data() + searched_, '\n', end_ - searched_);
    if (newline == nullptr) {
      searched_ = end_;
      break;
    }
    const size_t line_end = static_cast<size_t>(static_cast<const char*>(newline) - buffer_.data());
    const std::string_view line(buffer_.data() + begin_, line_end - begin_);
    begin_ = searched_ = line_end + 1;
    WEIR_RETURN_IF_ERROR(take(line, line.size() + 1, records));
  }
  if (end_ - begin_ <= options_.max_line_bytes) return absl::OkStatus();
  if (searched_ < end_) return absl::OkStatus();  // whole lines, still to be given
  return take({buffer_.data() + begin_, end_ - begin_}, 0, records);
}

absl::Status LineReader::take(std::string_view line, size_t bytes, std::vector<RawRecord>& records) {
  if (line.size() > options_.max_line_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(path_, " line ", position_.line, " is longer than ",
                                                   options_.max_line_bytes,
                                                   " bytes; raise .max_line_bytes if that is right"));
  }
  if (!options_.skip_blank_lines || !is_blank(line)) {
    RawRecord record;
    record.value = line;
    record.offset = static_cast<int64_t>(position_.line);
    records.push_back(record);
  }
  ++position_.line;
  position_.byte += bytes;
  return absl::OkStatus();
}

void LineReader::finish() {
  position_.end = true;
  stream_.reset();
}

}  // namespace weir
