#pragma once
// One worker's share of a file source.

#include <memory>
#include <string>
#include <vector>

#include "connectors/file/line_reader.h"
#include "runtime/base/rate_limiter.h"
#include "weir/detail/file_factories.h"
#include "weir/source.h"

namespace weir {

/// The names of all files, the same for all readers of a factory.
using FileList = std::shared_ptr<const std::vector<SplitName>>;

/// File i belongs to worker i modulo workers; a worker's files take turns, a batch each.
class FileReader final : public RawReader {
 public:
  FileReader(std::function<absl::StatusOr<FileList>()> list, detail::FileSourcePlan plan)
      : list_(std::move(list)), plan_(std::move(plan)) {}

  absl::Status open(SourceContext context) override;
  absl::StatusOr<Poll> poll(size_t max_records, RawBatch& batch) override;
  std::vector<SplitPosition> positions() const override;
  std::string describe_record(const SplitName& split, int64_t offset) const override;

 private:
  struct Split {
    const SplitName* name;
    std::unique_ptr<LineReader> lines;
  };
  absl::Status open_files(const SourceContext& context);
  absl::Status located(const absl::Status& status) const;

  std::function<absl::StatusOr<FileList>()> list_;
  detail::FileSourcePlan plan_;
  std::string id_;
  FileList files_;
  std::vector<Split> splits_;
  size_t turn_ = 0;
  std::unique_ptr<RateLimiter> limiter_;
};

}  // namespace weir
