#include "operators/watermark/watermark_merge.h"

#include <algorithm>
#include <utility>

#include "weir/detail/check.h"

namespace weir {

WatermarkMerge::WatermarkMerge(MergeInputs kind, int inputs, Timestamp restored)
    : kind_(kind), active_(inputs), output_(restored) {
  for (int input = 0; input < inputs; ++input) inputs_[input] = Input{.watermark = restored};
}

const WatermarkMerge::Input& WatermarkMerge::at(int input) const {
  const auto found = inputs_.find(input);
  WEIR_CHECK(found != inputs_.end());
  return found->second;
}

WatermarkMerge::Input& WatermarkMerge::at(int input) {
  return const_cast<Input&>(std::as_const(*this).at(input));
}

Timestamp WatermarkMerge::watermark_of(int input) const { return at(input).watermark; }

bool WatermarkMerge::idle(int input) const { return !at(input).active; }

WatermarkChange WatermarkMerge::update(int input, Timestamp watermark) {
  Input& in = at(input);
  if (!in.active || watermark <= in.watermark) return {};
  in.watermark = watermark;
  if (watermark >= output_) in.counts = true;
  return {.watermark = advance(), .idle = {}};
}

WatermarkChange WatermarkMerge::set_idle(int input) {
  Input& in = at(input);
  if (!in.active) return {};
  in.active = in.counts = false;
  if (--active_ > 0) return {.watermark = advance(), .idle = {}};
  return {.watermark = kind_ == MergeInputs::kChannels ? flush() : std::nullopt, .idle = true};
}

WatermarkChange WatermarkMerge::set_active(int input) {
  Input& in = at(input);
  if (in.active) return {};
  const bool was_idle = idle();
  in.active = true;
  in.counts = kind_ == MergeInputs::kSplits || in.watermark >= output_;
  ++active_;
  return {.watermark = {}, .idle = idle_change(was_idle)};
}

WatermarkChange WatermarkMerge::add(int input, Timestamp watermark) {
  const bool was_idle = idle();
  const bool added = inputs_.emplace(input, Input{.watermark = watermark}).second;
  WEIR_CHECK(added);
  ++active_;
  return {.watermark = {}, .idle = idle_change(was_idle)};
}

WatermarkChange WatermarkMerge::remove(int input) {
  const bool was_idle = idle();
  if (at(input).active) --active_;
  inputs_.erase(input);
  return {.watermark = {}, .idle = idle_change(was_idle)};
}

std::optional<Timestamp> WatermarkMerge::advance() {
  std::optional<Timestamp> lowest;
  for (const auto& [number, in] : inputs_)
    if (in.counts) lowest = std::min(lowest.value_or(kMaxTimestamp), in.watermark);
  if (!lowest || *lowest <= output_) return std::nullopt;
  output_ = *lowest;
  return output_;
}

std::optional<Timestamp> WatermarkMerge::flush() {
  Timestamp largest = kMinTimestamp;
  for (const auto& [number, in] : inputs_) largest = std::max(largest, in.watermark);
  if (largest <= output_) return std::nullopt;
  output_ = largest;
  return output_;
}

std::optional<bool> WatermarkMerge::idle_change(bool was_idle) const {
  return was_idle == idle() ? std::nullopt : std::optional<bool>(idle());
}

}  // namespace weir
