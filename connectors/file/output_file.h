#pragma once
// One output file while it is written, under its temporary name.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "connectors/file/compressor.h"
#include "runtime/base/file_system.h"
#include "weir/sink.h"

struct XXH3_state_s;

namespace weir {

/// Written by one thread, sealed by another one afterwards. After an error the file is lost: seal gives the
/// error.
class OutputFile {
 public:
  /// Fails if the file exists already, under either name.
  static absl::StatusOr<std::unique_ptr<OutputFile>> create(FileSystem& files, const std::string& directory,
                                                            const std::string& final_name,
                                                            FileCompression compression);
  ~OutputFile();

  absl::Status append_line(std::string_view line);
  /// Of the file, as far as known: a compressor keeps some back.
  uint64_t bytes() const { return written_ + pending_.size(); }
  /// Writes what is left, syncs and closes; the caller syncs the directory.
  absl::StatusOr<Segment> seal();

 private:
  OutputFile(std::unique_ptr<WritableFile> file, std::string final_name, FileCompression compression);
  absl::Status add(std::string_view bytes);
  absl::Status flush();
  absl::Status finish();

  std::unique_ptr<WritableFile> file_;
  std::string final_name_;
  std::unique_ptr<Compressor> compressor_;
  std::unique_ptr<XXH3_state_s, void (*)(XXH3_state_s*)> checksum_;
  std::string pending_;
  uint64_t written_ = 0;
  uint64_t records_ = 0;
  absl::Status failed_;
};

}  // namespace weir
