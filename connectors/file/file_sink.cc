#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "connectors/file/compressor.h"
#include "connectors/file/file_target.h"
#include "connectors/file/file_writer.h"

namespace weir {

namespace {

constexpr std::string_view kIdentityPrefix = "files:";

absl::StatusOr<std::string> canonical(const std::string& directory) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::weakly_canonical(std::filesystem::absolute(directory), error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot resolve directory ", directory));
  if (!path.has_filename()) path = path.parent_path();  // "out/"
  return path.string();
}

/// Of what files are named with.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

class FileTargetFactory final : public TargetFactory {
 public:
  explicit FileTargetFactory(detail::FileSinkPlan plan) : plan_(std::move(plan)) {}

  absl::StatusOr<std::string> identify() const override {
    absl::StatusOr<std::string> directory = canonical(plan_.directory);
    if (directory.ok()) directory->insert(0, kIdentityPrefix);
    return directory;
  }
  /// Sinks that share a directory need not agree on anything.
  std::string shared_options() const override { return {}; }

  absl::StatusOr<std::unique_ptr<SinkTarget>> open(
      TargetContext context, absl::Span<const TargetFactory* const> sinks) const override {
    absl::StatusOr<std::string> directory = canonical(plan_.directory);
    if (!directory.ok()) return directory.status();
    std::vector<std::string> prefixes;
    for (const TargetFactory* sink : sinks) {
      const std::string& prefix = static_cast<const FileTargetFactory&>(*sink).plan_.prefix;
      if (std::find(prefixes.begin(), prefixes.end(), prefix) != prefixes.end()) {
        return absl::InvalidArgumentError(absl::StrCat("two file sinks write to ", *directory,
                                                       " with the prefix '", prefix,
                                                       "': give them different prefixes"));
      }
      prefixes.push_back(prefix);
    }
    return std::make_unique<FileTarget>(std::move(context), *std::move(directory), std::move(prefixes));
  }

 private:
  detail::FileSinkPlan plan_;
};

class FileSinkFactory final : public RawSinkFactory {
 public:
  explicit FileSinkFactory(detail::FileSinkPlan plan)
      : plan_(std::move(plan)), target_(std::make_shared<FileTargetFactory>(plan_)) {}

  std::string describe() const override {
    return absl::StrCat("files ", plan_.directory, "/", plan_.prefix, "-*");
  }

  absl::Status check() const override {
    constexpr size_t kLongest = 100;
    if (plan_.directory.empty())
      return absl::InvalidArgumentError("file sink: the option `directory` is empty");
    if (plan_.prefix.empty() || plan_.prefix.size() > kLongest || !is_plain(plan_.prefix) ||
        plan_.prefix.front() == '.') {
      return absl::InvalidArgumentError(absl::StrCat("file sink: the option `prefix` is '", plan_.prefix,
                                                     "', not letters, digits, '-', '_' and '.', at most ",
                                                     kLongest));
    }
    if (plan_.extension.size() < 2 || plan_.extension.size() > kLongest || plan_.extension.front() != '.' ||
        !is_plain(plan_.extension)) {
      return absl::InvalidArgumentError(
          absl::StrCat("file sink: the option `extension` is '", plan_.extension, "', not like \".jsonl\""));
    }
    if (plan_.roll_bytes == 0) return absl::InvalidArgumentError("file sink: the option `roll_bytes` is 0");
    return absl::OkStatus();
  }

  std::unique_ptr<RawWriter> make() const override { return std::make_unique<FileWriter>(plan_); }
  std::shared_ptr<const TargetFactory> target() const override { return target_; }

 private:
  detail::FileSinkPlan plan_;
  std::shared_ptr<const TargetFactory> target_;
};

}  // namespace

std::shared_ptr<const RawSinkFactory> detail::make_file_sink(FileSinkPlan plan) {
  return std::make_shared<FileSinkFactory>(std::move(plan));
}

}  // namespace weir
