#include "weir/detail/generator_splits.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "absl/strings/str_cat.h"
#include "runtime/base/rate_limiter.h"

namespace weir::detail {

namespace {

constexpr uint64_t kMaxSplits = 65536;
constexpr std::string_view kNamePrefix = "generator-";
constexpr std::string_view kNameMiddle = "-of-";

bool take_number(std::string_view& text, uint64_t& number) {
  const std::from_chars_result end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end.ptr - text.data()));
  return true;
}

bool take_text(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

std::string split_name(uint64_t split, uint64_t splits) {
  return absl::StrCat("generator-", split, "-of-", splits);
}

/// The number of splits in the name of one of them.
bool parse_split_count(std::string_view name, uint64_t& splits) {
  uint64_t split = 0;
  return take_text(name, kNamePrefix) && take_number(name, split) && take_text(name, kNameMiddle) &&
         take_number(name, splits) && name.empty() && split < splits && splits <= kMaxSplits;
}

absl::Status bad_position(const SourceContext& context, const SplitPosition& restored) {
  return absl::InvalidArgumentError(absl::StrCat(
      "source '", context.id, "': the checkpoint's position '", restored.position, "' of split '",
      restored.split, "' is not one of a generator; was the source another one before?"));
}

/// How many splits the restored job had; 0 at a first start.
absl::Status restored_split_count(const SourceContext& context, const GeneratorPlan& plan, uint64_t& splits) {
  for (const SplitPosition& restored : context.restored) {
    uint64_t named = 0;
    if (!parse_split_count(restored.split, named) || (splits != 0 && named != splits)) {
      return bad_position(context, restored);
    }
    splits = named;
  }
  if (splits == 0 || plan.splits == 0 || static_cast<uint64_t>(plan.splits) == splits)
    return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("source '", context.id, "': the checkpoint holds ",
                                                    splits, " splits, the option `splits` says ", plan.splits,
                                                    "; the number cannot change"));
}

}  // namespace

std::string describe_generator(const GeneratorPlan& plan) {
  return plan.count == 0 ? "generator without end" : absl::StrCat("generator of ", plan.count, " records");
}

absl::Status check_generator(const GeneratorPlan& plan) {
  if (plan.splits < 0 || static_cast<uint64_t>(plan.splits) > kMaxSplits) {
    return absl::InvalidArgumentError(
        absl::StrCat("generator: the option `splits` is ", plan.splits, ", not 0 to ", kMaxSplits));
  }
  if (!(plan.rate >= 0 && plan.rate <= 1e12)) {
    return absl::InvalidArgumentError(
        absl::StrCat("generator: the option `rate` is ", plan.rate, ", not 0 to 1e12"));
  }
  return absl::OkStatus();
}

GeneratorSplits::GeneratorSplits() = default;
GeneratorSplits::~GeneratorSplits() = default;

absl::Status GeneratorSplits::open(const SourceContext& context, const GeneratorPlan& plan) {
  if (absl::Status status = check_generator(plan); !status.ok()) return status;
  uint64_t splits = 0;
  if (absl::Status status = restored_split_count(context, plan, splits); !status.ok()) return status;
  if (splits == 0) splits = static_cast<uint64_t>(plan.splits == 0 ? context.workers : plan.splits);
  step_ = splits;
  // Half of the numbers leave room for a step behind the last index.
  end_ = std::min(plan.count == 0 ? std::numeric_limits<uint64_t>::max() : plan.count, uint64_t{1} << 63);

  const auto workers = static_cast<uint64_t>(context.workers);
  for (auto split = static_cast<uint64_t>(context.worker); split < splits; split += workers) {
    splits_.push_back({split_name(split, splits), split});
    for (const SplitPosition& restored : context.restored) {
      if (restored.split != splits_.back().name) continue;
      std::string_view text = restored.position;
      uint64_t next = 0;
      if (!take_number(text, next) || !text.empty() || next % splits != split ||
          next > (uint64_t{1} << 63) + splits) {
        return bad_position(context, restored);
      }
      splits_.back().next = next;
    }
  }
  limiter_ = std::make_unique<RateLimiter>(
      context.clock, plan.rate * static_cast<double>(splits_.size()) / static_cast<double>(splits));
  return absl::OkStatus();
}

Poll GeneratorSplits::next(size_t max_records, Run& run) {
  for (size_t tried = 0; tried < splits_.size(); ++tried) {
    const Split& split = splits_[turn_];
    if (split.next < end_) {
      const uint64_t left = (end_ - split.next + step_ - 1) / step_;
      const size_t allowed = limiter_->available(max_records);
      if (allowed == 0) return Poll::kIdle;
      run = {&split.name, split.next, step_, static_cast<size_t>(std::min<uint64_t>(left, allowed))};
      return Poll::kMore;
    }
    turn_ = (turn_ + 1) % splits_.size();
  }
  return Poll::kEnd;
}

void GeneratorSplits::made(const Run& run) {
  splits_[turn_].next += run.step * run.size;
  turn_ = (turn_ + 1) % splits_.size();
  limiter_->take(run.size);
}

std::vector<SplitPosition> GeneratorSplits::positions() const {
  std::vector<SplitPosition> positions;
  positions.reserve(splits_.size());
  for (const Split& split : splits_) positions.push_back({split.name, std::to_string(split.next)});
  return positions;
}

}  // namespace weir::detail
