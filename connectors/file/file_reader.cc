#include "connectors/file/file_reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

/// Where reading of `split` starts.
absl::Status start_of(const SplitName& split, const SourceContext& context, LinePosition& start) {
  for (const SplitPosition& restored : context.restored) {
    if (restored.split != split) continue;
    if (start.parse(restored.position)) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("the checkpoint's position '", restored.position, "' in ", split,
                     " is not one of a file; was the source another one before?"));
  }
  return absl::OkStatus();
}

/// A file that the checkpoint knows and no path names any more: fine only if it had been read to its end.
absl::Status check_nothing_is_lost(const std::vector<SplitName>& files, const SourceContext& context) {
  for (const SplitPosition& restored : context.restored) {
    if (std::find(files.begin(), files.end(), restored.split) != files.end()) continue;
    LinePosition position;
    if (position.parse(restored.position) && position.end) continue;
    return absl::NotFoundError(absl::StrCat("the checkpoint stands at ", restored.position, " of ",
                                            restored.split,
                                            ", which no path names any more: put the file back"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status FileReader::located(const absl::Status& status) const {
  return {status.code(), absl::StrCat("source '", id_, "': ", status.message())};
}

absl::Status FileReader::open(SourceContext context) {
  id_ = context.id;
  if (absl::Status status = open_files(context); !status.ok()) return located(status);
  const double share = static_cast<double>(splits_.size()) / static_cast<double>(files_->size());
  limiter_ = std::make_unique<RateLimiter>(context.clock, plan_.rate * share);
  return absl::OkStatus();
}

absl::Status FileReader::open_files(const SourceContext& context) {
  WEIR_ASSIGN_OR_RETURN(files_, list_());
  WEIR_RETURN_IF_ERROR(check_nothing_is_lost(*files_, context));
  const auto workers = static_cast<size_t>(context.workers);
  for (auto i = static_cast<size_t>(context.worker); i < files_->size(); i += workers) {
    const SplitName& name = (*files_)[i];
    LinePosition start;
    WEIR_RETURN_IF_ERROR(start_of(name, context, start));
    WEIR_ASSIGN_OR_RETURN(std::unique_ptr<LineReader> lines,
                          LineReader::open(name, start, {plan_.max_line_bytes, plan_.skip_blank_lines}));
    splits_.push_back({&name, std::move(lines)});
  }
  return absl::OkStatus();
}

absl::StatusOr<Poll> FileReader::poll(size_t max_records, RawBatch& batch) {
  for (size_t tried = 0; tried < splits_.size(); ++tried) {
    Split& split = splits_[turn_];
    if (!split.lines->at_end()) {
      const size_t allowed = limiter_->available(max_records);
      if (allowed == 0) return Poll::kIdle;
      if (absl::Status status = split.lines->read(allowed, batch.records); !status.ok())
        return located(status);
      if (batch.records.empty()) return Poll::kMore;  // in the middle of a long line, or just at the end
      batch.split = split.name;
      limiter_->take(batch.records.size());
      turn_ = (turn_ + 1) % splits_.size();
      return Poll::kMore;
    }
    turn_ = (turn_ + 1) % splits_.size();
  }
  return Poll::kEnd;
}

std::vector<SplitPosition> FileReader::positions() const {
  std::vector<SplitPosition> positions;
  positions.reserve(splits_.size());
  for (const Split& split : splits_) positions.push_back({*split.name, split.lines->position().to_string()});
  return positions;
}

std::string FileReader::describe_record(const SplitName& split, int64_t offset) const {
  std::string text = absl::StrCat(split, " line ", offset);
  for (const Split& candidate : splits_) {
    if (*candidate.name == split && candidate.lines->unfinished_line() == static_cast<uint64_t>(offset)) {
      text += " (the last, without a newline: half written?)";
    }
  }
  return text;
}

}  // namespace weir
