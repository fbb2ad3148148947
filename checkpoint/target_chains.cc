#include "checkpoint/target_chains.h"

#include <algorithm>
#include <utility>

#include "weir/detail/check.h"

namespace weir {

TargetChains::TargetChains(std::vector<TargetEntry> targets)
    : entries_(std::move(targets)), listed_before_(entries_.size()) {}

const TargetEntry* TargetChains::find(const std::string& target) const {
  const auto at =
      std::find_if(entries_.begin(), entries_.end(), [&](const auto& e) { return e.identity == target; });
  return at == entries_.end() ? nullptr : &*at;
}

bool TargetChains::has(const std::string& target) const { return find(target) != nullptr; }

absl::Span<const EpochOutput> TargetChains::chain(const std::string& target) const {
  const TargetEntry* entry = find(target);
  if (entry == nullptr) return {};
  return entry->progress.chain;
}

bool TargetChains::awaits_first_marker() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& e) { return !e.progress.has_base && !e.progress.chain.empty(); });
}

TargetChains::Addition TargetChains::plan(Epoch epoch, Cut cut,
                                          const AcknowledgedSegments& acknowledged) const {
  Addition addition{std::vector<std::optional<EpochOutput>>(entries_.size()),
                    std::vector<std::set<std::string>>(entries_.size())};
  for (size_t i = 0; i < entries_.size(); ++i) {
    const TargetProgress& progress = entries_[i].progress;
    EpochOutput output{epoch, cut, {}};
    if (const auto at = acknowledged.find(entries_[i].identity); at != acknowledged.end()) {
      for (const Segment& segment : at->second) {
        const bool first_mention = addition.listed[i].insert(segment.name).second;
        if (first_mention && listed_before_[i].count(segment.name) == 0) output.segments.push_back(segment);
      }
    }
    const bool is_first = !progress.has_base && progress.chain.empty();
    if (is_first || !output.segments.empty()) {
      addition.outputs[i] = std::move(output);
    }
  }
  return addition;
}

std::vector<TargetEntry> TargetChains::entries_with(const Addition& addition) const {
  std::vector<TargetEntry> entries = entries_;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (addition.outputs[i]) entries[i].progress.chain.push_back(*addition.outputs[i]);
  }
  return entries;
}

void TargetChains::decided(Addition addition) {
  WEIR_CHECK(addition.outputs.size() == entries_.size());
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (addition.outputs[i]) entries_[i].progress.chain.push_back(*std::move(addition.outputs[i]));
  }
  listed_before_ = std::move(addition.listed);
}

bool TargetChains::applied(const std::string& target, Epoch epoch, Cut cut, bool marker_moved) {
  for (TargetEntry& entry : entries_) {
    if (entry.identity != target) continue;
    std::vector<EpochOutput>& chain = entry.progress.chain;
    const auto at = std::find_if(chain.begin(), chain.end(),
                                 [&](const EpochOutput& o) { return o.epoch == epoch && o.cut == cut; });
    if (at == chain.end()) return false;
    if (marker_moved) {
      entry.progress.has_base = true;
      entry.progress.base_epoch = epoch;
      entry.progress.base_cut = cut;
    }
    chain.erase(chain.begin(), at + 1);
    return true;
  }
  return false;
}

}  // namespace weir
