#pragma once
// One worker's half of a file sink: writes an epoch's files, and seals them at the barrier.

#include <memory>
#include <string>
#include <vector>

#include "connectors/file/output_file.h"
#include "connectors/file/output_name.h"
#include "weir/detail/file_factories.h"
#include "weir/sink.h"

namespace weir {

class FileWriter final : public RawWriter {
 public:
  explicit FileWriter(detail::FileSinkPlan plan) : plan_(std::move(plan)) {}

  absl::Status open(SinkContext context) override;
  absl::Status append(const OutputRecord& record) override;
  SealJob seal(Epoch epoch) override;

 private:
  absl::Status make_directory();
  absl::Status write(std::string_view line);

  detail::FileSinkPlan plan_;
  std::string id_;
  OutputNames names_;
  FileSystem* files_ = nullptr;
  uint64_t next_number_ = 1;
  /// Of this epoch; only the last one grows.
  std::vector<std::unique_ptr<OutputFile>> epoch_files_;
  bool full_ = false;
};

}  // namespace weir
