#include "checkpoint/coordinator.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "weir/detail/check.h"

namespace weir {

namespace {
/// Between a requested checkpoint that failed and the next try.
constexpr Duration kRetryPause{1000};
}  // namespace

Coordinator::Coordinator(CoordinatorOptions options, Manifest description, Epoch first, Timestamp now,
                         std::function<Cut()> draw_cut)
    : options_(options),
      description_(std::move(description)),
      workers_(description_.workers),
      targets_(std::move(description_.targets)),
      draw_cut_(std::move(draw_cut)),
      next_(first) {
  WEIR_CHECK(workers_ >= 1);
  options_.pending_limit = std::max(1, options_.pending_limit);
  if (options_.interval.count() > 0) next_periodic_ = saturating_add(now, options_.interval);
  if (first.number == 0) {
    requested_ = true;
  } else {
    last_decided_ = description_.epoch;
  }
  // What a restored manifest says of its own moment is not part of the next one.
  description_.targets.clear();
  description_.sources.clear();
  description_.operators.clear();
  description_.watermarks.clear();
  description_.state.clear();
}

bool Coordinator::may_begin() const {
  if (static_cast<int>(pending_.size()) >= options_.pending_limit) return false;
  // R14: nothing is even begun while epoch 0 is not decided, or its marker (or that of a target that joins)
  // is not out.
  return !targets_.awaits_first_marker() && (next_.number == 0 || last_decided_.has_value());
}

Timestamp Coordinator::next_begin() const {
  const Timestamp periodic = std::max(next_periodic_, pause_until_);
  return requested_ ? std::min(retry_not_before_, periodic) : periodic;
}

bool Coordinator::due(Timestamp now) const { return may_begin() && now >= next_begin(); }

Timestamp Coordinator::next_deadline() const {
  Timestamp next = may_begin() ? next_begin() : kMaxTimestamp;
  for (const auto& [epoch, pending] : pending_) {
    if (!is_complete(pending)) next = std::min(next, saturating_add(pending.started, options_.timeout));
  }
  return next;
}

EpochCut Coordinator::begin(Timestamp now) {
  WEIR_CHECK(due(now));
  const EpochCut begun{next_, draw_cut_()};
  ++next_.number;
  pending_.emplace(begun.epoch, Pending{begun.cut, now, std::exchange(requested_, false), {}});
  if (options_.interval.count() > 0) next_periodic_ = saturating_add(now, options_.interval);
  return begun;
}

AckResult Coordinator::ack(int worker, Epoch epoch, WorkerAck ack) {
  WEIR_CHECK(worker >= 0 && worker < workers_);
  for (const auto& [target, segments] : ack.segments) WEIR_CHECK(targets_.has(target));
  if (epoch >= next_) return AckResult::kIgnored;
  const auto at = pending_.find(epoch);
  if (at == pending_.end()) {
    remember_orphans(epoch, ack);
    return AckResult::kIgnored;
  }
  if (!at->second.acks.try_emplace(worker, std::move(ack)).second) return AckResult::kIgnored;
  return is_complete(at->second) ? AckResult::kComplete : AckResult::kAccepted;
}

void Coordinator::decline(int worker, Epoch epoch, absl::Status reason, Timestamp now) {
  const auto at = pending_.find(epoch);
  // A worker that has acknowledged can no longer decline.
  if (at == pending_.end() || at->second.acks.count(worker) > 0) return;
  fail(at,
       absl::Status(reason.code(), absl::StrCat("checkpoint ", epoch.number, " declined by worker ", worker,
                                                ": ", reason.message())),
       now);
}

void Coordinator::expire(Timestamp now) {
  for (auto at = pending_.begin(); at != pending_.end();) {
    const auto here = at++;
    const Pending& pending = here->second;
    // A complete one waits only for its manifest, whose outcome cannot be given up.
    if (is_complete(pending) || now < saturating_add(pending.started, options_.timeout)) continue;
    std::string missing;
    for (int worker = 0; worker < workers_; ++worker) {
      if (pending.acks.count(worker) == 0) absl::StrAppend(&missing, missing.empty() ? "" : ", ", worker);
    }
    fail(here,
         absl::DeadlineExceededError(absl::StrCat("checkpoint ", here->first.number, " timed out after ",
                                                  options_.timeout.count(),
                                                  " ms; no acknowledgement from worker ", missing)),
         now);
  }
}

std::optional<Manifest> Coordinator::complete(Timestamp now) {
  if (writing_ || targets_.awaits_first_marker()) return std::nullopt;
  const auto newest =
      std::find_if(pending_.rbegin(), pending_.rend(), [&](const auto& p) { return is_complete(p.second); });
  if (newest == pending_.rend()) return std::nullopt;
  const Epoch epoch = newest->first;
  while (pending_.begin()->first < epoch) {
    forget(pending_.begin(),
           absl::CancelledError(absl::StrCat("checkpoint ", epoch.number, " was complete before it")));
  }
  writing_ = epoch;
  return build(epoch, pending_.at(epoch), now);
}

Manifest Coordinator::build(Epoch epoch, const Pending& pending, Timestamp now) {
  Manifest manifest = description_;
  manifest.epoch = epoch;
  manifest.cut = pending.cut;
  manifest.created_ms = to_millis(now);
  AcknowledgedSegments segments;
  std::map<std::string, size_t> source_at;
  for (const auto& [worker, ack] : pending.acks) {
    for (const SourceState& source : ack.sources) {
      const auto [at, is_new] = source_at.try_emplace(source.id, manifest.sources.size());
      if (is_new) manifest.sources.push_back({source.id, {}});
      std::vector<SplitState>& splits = manifest.sources[at->second].splits;
      splits.insert(splits.end(), source.splits.begin(), source.splits.end());
    }
    manifest.operators.insert(manifest.operators.end(), ack.operators.begin(), ack.operators.end());
    manifest.watermarks.insert(manifest.watermarks.end(), ack.watermarks.begin(), ack.watermarks.end());
    manifest.state.push_back(ack.state);
    for (const auto& [target, listed] : ack.segments) {
      std::vector<Segment>& all = segments[target];
      all.insert(all.end(), listed.begin(), listed.end());
    }
  }
  for (SourceState& source : manifest.sources) {
    std::sort(source.splits.begin(), source.splits.end(),
              [](const SplitState& a, const SplitState& b) { return a.split < b.split; });
  }
  writing_adds_ = targets_.plan(epoch, pending.cut, segments);
  manifest.targets = targets_.entries_with(writing_adds_);
  return manifest;
}

void Coordinator::decided(Epoch epoch, Timestamp now) {
  WEIR_CHECK(writing_ == epoch);
  targets_.decided(std::exchange(writing_adds_, {}));
  writing_.reset();
  pending_.erase(epoch);
  last_decided_ = epoch;
  consecutive_failures_ = 0;
  pause_until_ = saturating_add(now, options_.minimum_pause);
}

void Coordinator::write_failed(Epoch epoch, absl::Status reason, Timestamp now) {
  WEIR_CHECK(writing_ == epoch);
  writing_.reset();
  writing_adds_ = {};
  fail(pending_.find(epoch),
       absl::Status(reason.code(),
                    absl::StrCat("checkpoint ", epoch.number, " could not be written: ", reason.message())),
       now);
}

void Coordinator::fail(PendingMap::iterator at, absl::Status reason, Timestamp now) {
  ++consecutive_failures_;
  last_failure_ = reason;
  pause_until_ = saturating_add(now, options_.minimum_pause);
  if (at->second.requested) {
    requested_ = true;
    retry_not_before_ = saturating_add(now, std::max(options_.minimum_pause, kRetryPause));
  }
  forget(at, std::move(reason));
}

void Coordinator::forget(PendingMap::iterator at, absl::Status reason) {
  for (const auto& [worker, ack] : at->second.acks) remember_orphans(at->first, ack);
  abandoned_.push_back({at->first, std::move(reason)});
  pending_.erase(at);
}

void Coordinator::remember_orphans(Epoch epoch, const WorkerAck& ack) {
  FileListing& listing = orphans_[epoch];
  listing.add(ack.state);
  for (const auto& [target, segments] : ack.segments) listing.add(target, segments);
}

std::optional<Epoch> Coordinator::applied_up_to(const std::string& target) const {
  const absl::Span<const EpochOutput> chain = targets_.chain(target);
  if (chain.empty()) return last_decided_;
  const uint64_t waiting = chain.front().epoch.number;
  return waiting == 0 ? std::nullopt : std::optional(Epoch{waiting - 1});
}

std::vector<AbandonedEpoch> Coordinator::take_abandoned() { return std::exchange(abandoned_, {}); }

FileListing Coordinator::pending_files() const {
  FileListing listing;
  for (const auto& [epoch, pending] : pending_) {
    for (const auto& [worker, ack] : pending.acks) {
      listing.add(ack.state);
      for (const auto& [target, segments] : ack.segments) listing.add(target, segments);
    }
  }
  for (const TargetEntry& target : targets_.entries()) {
    for (const EpochOutput& output : target.progress.chain) listing.add(target.identity, output.segments);
  }
  return listing;
}

FileListing Coordinator::take_orphans() {
  FileListing listing;
  // Those of the last decided epoch and later may yet be listed by the next acknowledgement.
  while (!orphans_.empty() && last_decided_ && orphans_.begin()->first < *last_decided_) {
    listing.add(orphans_.begin()->second);
    orphans_.erase(orphans_.begin());
  }
  return listing;
}

absl::Status Coordinator::health() const {
  if (consecutive_failures_ == 0) return absl::OkStatus();
  // Without epoch 0 there is nothing to go on from: no manifest, no marker (R14).
  const bool is_first = !last_decided_.has_value();
  const bool tolerated =
      options_.tolerable_failures < 0 || consecutive_failures_ <= options_.tolerable_failures;
  if (tolerated && !is_first) return absl::OkStatus();
  return absl::Status(
      last_failure_.code(),
      is_first ? absl::StrCat("the job's first checkpoint failed: ", last_failure_.message())
               : absl::StrCat(consecutive_failures_, " checkpoints failed in a row, tolerated are ",
                              options_.tolerable_failures, "; the last: ", last_failure_.message()));
}

}  // namespace weir
