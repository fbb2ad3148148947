#pragma once
// The compiled side of file_source and file_sink: their options without the user's type.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "weir/sink.h"
#include "weir/source.h"

namespace weir {

enum class FileCompression : uint8_t { kNone, kGzip, kZstd };

namespace detail {

struct FileSourcePlan {
  std::vector<std::string> patterns = {};
  double rate = 0;
  uint64_t max_line_bytes = 0;
  bool skip_blank_lines = true;
};
std::shared_ptr<const RawSourceFactory> make_file_source(FileSourcePlan plan);

struct FileSinkPlan {
  std::string directory;
  std::string prefix;
  std::string extension;
  uint64_t roll_bytes = 0;
  FileCompression compression = FileCompression::kNone;
};
std::shared_ptr<const RawSinkFactory> make_file_sink(FileSinkPlan plan);

}  // namespace detail
}  // namespace weir
