#include "weir/detail/split_watermarks.h"

#include <map>

#include "operators/watermark/watermark_merge.h"
#include "weir/watermark.h"

namespace weir::detail {

struct SplitWatermarks::State {
  struct Split {
    int number;
    BoundedOutOfOrderness generator;
    Timestamp last_seen;
  };

  Split& find_or_add(const std::string& name, Timestamp watermark) {
    const auto found = splits.find(name);
    if (found != splits.end()) return found->second;
    const int number = static_cast<int>(splits.size());
    merge.add(number, watermark);
    return splits
        .emplace(name, Split{number, BoundedOutOfOrderness(max_out_of_orderness, watermark), clock.now()})
        .first->second;
  }

  const Clock& clock;
  Duration max_out_of_orderness;
  Duration idle_after;
  std::map<std::string, Split> splits = {};
  WatermarkMerge merge{MergeInputs::kSplits};
  bool ended = false;
};

SplitWatermarks::SplitWatermarks(const Clock& clock, Duration max_out_of_orderness, Duration idle_after)
    : state_(new State{clock, max_out_of_orderness, idle_after}) {}
SplitWatermarks::~SplitWatermarks() = default;

void SplitWatermarks::add(const std::string& name, Timestamp watermark) {
  state_->find_or_add(name, watermark);
}

void SplitWatermarks::observe(const std::string& name, const std::vector<Timestamp>& times) {
  State::Split& split = state_->find_or_add(name, kMinTimestamp);
  split.generator.observe(absl::MakeConstSpan(times));
  if (state_->idle_after > Duration::zero()) {
    split.last_seen = state_->clock.now();
    if (state_->merge.idle(split.number)) state_->merge.set_active(split.number);
  }
  state_->merge.update(split.number, split.generator.watermark());
}

void SplitWatermarks::end() { state_->ended = true; }

SourceProgress SplitWatermarks::progress() {
  if (state_->ended) return {kMaxTimestamp, false};
  if (state_->idle_after > Duration::zero()) {
    const Timestamp now = state_->clock.now();
    for (auto& [name, split] : state_->splits)
      if (!state_->merge.idle(split.number) && now - split.last_seen >= state_->idle_after)
        state_->merge.set_idle(split.number);
  }
  return {state_->merge.watermark(), state_->merge.idle()};
}

Timestamp SplitWatermarks::of(const std::string& name) const {
  const auto found = state_->splits.find(name);
  return found == state_->splits.end() ? kMinTimestamp : found->second.generator.watermark();
}

}  // namespace weir::detail
