#pragma once
// The lines of one file from a position on.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "connectors/file/input_stream.h"
#include "connectors/file/line_position.h"
#include "weir/source.h"

namespace weir {

struct LineOptions {
  uint64_t max_line_bytes = 16 << 20;
  bool skip_blank_lines = true;
};

/// One thread. Lines end with \n, which is not part of them.
class LineReader {
 public:
  /// Moves to `start`, which for a compressed file takes as long as reading it does.
  static absl::StatusOr<std::unique_ptr<LineReader>> open(const std::string& path, LinePosition start,
                                                          LineOptions options);

  /// Appends up to max_records lines, perhaps none, after reading at most one piece of the file. The views
  /// are valid until the next call.
  absl::Status read(size_t max_records, std::vector<RawRecord>& records);
  /// Of the line after the last one given.
  LinePosition position() const { return position_; }
  bool at_end() const { return position_.end; }
  /// The file's last line, given without a newline at its end: perhaps half written. 0: there is none such.
  uint64_t unfinished_line() const { return unfinished_line_; }

 private:
  LineReader(std::string path, LineOptions options) : path_(std::move(path)), options_(options) {}
  absl::Status move_to(LinePosition start);
  absl::Status fill();
  absl::Status take_lines(size_t max_records, std::vector<RawRecord>& records);
  absl::Status take(std::string_view line, size_t bytes, std::vector<RawRecord>& records);
  void finish();

  std::string path_;
  LineOptions options_;
  std::unique_ptr<InputStream> stream_;
  LinePosition position_;
  uint64_t unfinished_line_ = 0;
  /// buffer_[begin_, end_) is read and not given; no newline in [begin_, searched_).
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t searched_ = 0;
  size_t end_ = 0;
  bool stream_ended_ = false;
};

}  // namespace weir
