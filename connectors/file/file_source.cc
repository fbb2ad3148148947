#include <mutex>

#include "absl/strings/str_cat.h"
#include "connectors/file/file_paths.h"
#include "connectors/file/file_reader.h"
#include "weir/detail/status_macros.h"

namespace weir::detail {

namespace {

class FileSource final : public RawSourceFactory {
 public:
  explicit FileSource(FileSourcePlan plan) : plan_(std::move(plan)), listing_(std::make_shared<Listing>()) {}

  std::string describe() const override {
    if (plan_.patterns.empty()) return "file source without a path";
    const size_t more = plan_.patterns.size() - 1;
    return absl::StrCat("file ", plan_.patterns.front(),
                        more > 0 ? absl::StrCat(" and ", more, " more") : "");
  }

  absl::Status check() const override {
    if (!(plan_.rate >= 0 && plan_.rate <= 1e12)) {
      return absl::InvalidArgumentError(
          absl::StrCat("file source: the option `rate` is ", plan_.rate, ", not 0 to 1e12"));
    }
    constexpr uint64_t kLongest = uint64_t{1} << 30;
    if (plan_.max_line_bytes == 0 || plan_.max_line_bytes > kLongest) {
      return absl::InvalidArgumentError(absl::StrCat("file source: the option `max_line_bytes` is ",
                                                     plan_.max_line_bytes, ", not 1 to ", kLongest));
    }
    return expand_paths(plan_.patterns).status();
  }

  std::unique_ptr<RawReader> make() const override {
    return std::make_unique<FileReader>(
        [listing = listing_, plan = plan_] { return listing->get(plan.patterns); }, plan_);
  }

 private:
  /// Expanded by whichever worker comes first: a file that turns up meanwhile must not shift the shares of
  /// the others.
  class Listing {
   public:
    absl::StatusOr<FileList> get(const std::vector<std::string>& patterns) {
      const std::lock_guard lock(mutex_);
      if (files_ == nullptr) {
        WEIR_ASSIGN_OR_RETURN(std::vector<std::string> paths, expand_paths(patterns));
        files_ = std::make_shared<const std::vector<SplitName>>(std::move(paths));
      }
      return files_;
    }

   private:
    std::mutex mutex_;
    FileList files_;
  };

  FileSourcePlan plan_;
  std::shared_ptr<Listing> listing_;
};

}  // namespace

std::shared_ptr<const RawSourceFactory> make_file_source(FileSourcePlan plan) {
  return std::make_shared<FileSource>(std::move(plan));
}

}  // namespace weir::detail
