#include "runtime/job/attempt.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "checkpoint/restore_check.h"
#include "runtime/base/log.h"
#include "state/base_directory.h"
#include "state/block_cache.h"
#include "weir/detail/hash.h"
#include "weir/detail/status_macros.h"

namespace weir {

using detail::Node;
using detail::NodeKind;

namespace {

absl::Status at_node(const Node& node, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(node.kind == NodeKind::kSource ? "source \"" : "sink \"",
                                                  node.id, "\": ", std::string(status.message())));
}

bool is_called(const Node& node, const std::string& id) {
  return node.id == id || (!node.previously.empty() && node.previously == id);
}

/// What a manifest names: everything that keeps something.
bool is_recorded(const Node& node) {
  return node.kind == NodeKind::kSource || node.kind == NodeKind::kSink || node.stateful;
}

const char* kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::kSource: return "source";
    case NodeKind::kSink: return "sink";
    default: return "operator";
  }
}

}  // namespace

Attempt::Attempt(const AttemptInput& input)
    : in_(input),
      worker_count_(input.options.workers),
      plan_(make_plan(input.graph, worker_count_)),
      pool_(std::max(2, worker_count_)) {}

Attempt::~Attempt() {
  cancelled_->store(true);
  for (auto& worker : workers_) worker->stop();
  for (auto& worker : workers_) worker->join();
  pool_.join();
  for (auto& delivery : targets_.deliveries) delivery->stop();
}

absl::StatusOr<std::unique_ptr<Attempt>> Attempt::open(const AttemptInput& input) {
  std::unique_ptr<Attempt> attempt(new Attempt(input));
  WEIR_RETURN_IF_ERROR(attempt->choose());
  WEIR_RETURN_IF_ERROR(attempt->recover_targets());
  WEIR_RETURN_IF_ERROR(attempt->open_stores());
  WEIR_RETURN_IF_ERROR(attempt->build());
  WEIR_RETURN_IF_ERROR(attempt->open_connectors());
  attempt->make_coordinator();
  return attempt;
}

absl::StatusOr<CheckpointDirectory::Choice> Attempt::choose_whole() {
  while (true) {
    WEIR_ASSIGN_OR_RETURN(CheckpointDirectory::Choice choice, in_.directory.choose());
    absl::Status damage;
    if (choice.manifest) {
      for (const WorkerSnapshot& snapshot : choice.manifest->state) {
        if (damage.ok()) damage = verify_state_files(in_.files, in_.directory.path(), snapshot.base);
        if (damage.ok()) damage = verify_state_files(in_.files, in_.directory.path(), snapshot.deltas);
      }
    }
    if (damage.ok()) return choice;
    if (!absl::IsDataLoss(damage)) return damage;
    log()->error("checkpoint {} cannot be restored: {}", choice.manifest->epoch.number,
                 std::string(damage.message()));
    in_.directory.mark_damaged(choice.manifest->epoch, std::move(damage));
  }
}

absl::Status Attempt::choose() {
  WEIR_ASSIGN_OR_RETURN(CheckpointDirectory::Choice choice, choose_whole());
  restored_ = std::move(choice.manifest);
  const RestoreChoice& wanted = in_.options.restore;
  const std::string& path = in_.directory.path();
  if (wanted.from == RestoreChoice::From::kNone && restored_ && !in_.is_restart) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " holds checkpoint ", restored_->epoch.number,
        ", but the start was asked to restore none; use an empty directory, or restore the latest"));
  }
  if (wanted.from == RestoreChoice::From::kEpoch && !in_.is_restart &&
      (!restored_ || restored_->epoch.number != wanted.epoch)) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot restore checkpoint ", wanted.epoch, ": the newest in ", path, " is ",
                     restored_ ? absl::StrCat(restored_->epoch.number) : "none",
                     "; older ones would repeat output that is already visible"));
  }
  if (restored_) WEIR_RETURN_IF_ERROR(check_restored());
  incarnation_ = restored_ ? restored_->incarnation : Cut::draw().to_string();
  if (!choice.skipped.empty()) {
    log()->warn("{}: falls back to checkpoint {}: {}", path, restored_->epoch.number,
                std::string(choice.skipped.back().reason.message()));
  }
  return absl::OkStatus();
}

absl::Status Attempt::check_restored() const {
  RestoreExpectation expected{.job = in_.options.name,
                              .key_groups = in_.options.key_groups,
                              .key_hash = std::string(detail::kKeyHashName)};
  for (const Node& node : in_.graph.nodes)
    if (is_recorded(node)) expected.operators.push_back({node.id, node.previously, kind_name(node.kind)});
  if (in_.options.allow_unclaimed_state)
    for (const OperatorEntry& entry : restored_->pipeline) expected.droppable.push_back(entry.id);
  return check_restorable(*restored_, expected);
}

absl::Status Attempt::recover_targets() {
  const RunOptions& options = in_.options;
  std::shared_ptr<std::atomic<bool>> cancelled = cancelled_;
  TargetContext context{.job = options.name,
                        .incarnation = incarnation_,
                        .instance = Cut::draw().to_string(),
                        .outbox = in_.directory.outbox_path(),
                        .files = &in_.files,
                        .checkpoint_interval = options.checkpoint.interval,
                        .checkpoint_timeout = options.checkpoint.timeout,
                        .workers = worker_count_,
                        .cancelled = [cancelled] { return cancelled->load(); }};
  absl::StatusOr<OpenTargets> targets =
      open_targets({in_.graph, restored_ ? &*restored_ : nullptr, std::move(context), in_.delivered});
  if (!targets.ok()) return targets.status();
  targets_ = *std::move(targets);
  if (restored_) WEIR_RETURN_IF_ERROR(in_.directory.move_aside_newer_than(restored_->epoch));
  WEIR_ASSIGN_OR_RETURN(const FileListing listed, in_.directory.clean());
  for (auto& delivery : targets_.deliveries)
    WEIR_RETURN_IF_ERROR(delivery->target().clean(listed.segments_of(delivery->identity())));
  return absl::OkStatus();
}

absl::Status Attempt::all_of(std::vector<absl::AnyInvocable<absl::Status()>> work) {
  std::mutex mutex;
  std::condition_variable done;
  size_t left = work.size();
  absl::Status first;
  for (auto& job : work) {
    pool_.post([&, job = std::move(job)]() mutable {
      absl::Status status;
      try {
        status = job();
      } catch (const std::exception& error) {
        status = absl::InternalError(error.what());
      }
      const std::lock_guard lock(mutex);
      if (first.ok()) first = std::move(status);
      if (--left == 0) done.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return left == 0; });
  return first;
}

absl::Status Attempt::open_stores() {
  stores_.resize(worker_count_);
  const auto cache = make_block_cache(in_.budget->limit() / 8);
  std::vector<absl::AnyInvocable<absl::Status()>> work;
  for (int worker = 0; worker < worker_count_; ++worker) {
    work.push_back([this, worker, cache]() -> absl::Status {
      WEIR_ASSIGN_OR_RETURN(
          stores_[worker],
          WorkerStore::open(
              {.checkpoint_directory = in_.directory.path(),
               .worker = worker,
               .workers = worker_count_,
               .attempt = in_.directory.attempt(),
               .key_groups = in_.options.key_groups,
               .memory = in_.budget,
               .block_cache = cache,
               .restored = restored_ ? restored_->state : std::vector<WorkerSnapshot>{},
               .restored_key_groups = restored_ ? restored_->key_groups : in_.options.key_groups,
               .files = &in_.files}));
      return absl::OkStatus();
    });
  }
  return all_of(std::move(work));
}

absl::Status Attempt::build() {
  for (int worker = 0; worker < worker_count_; ++worker) {
    workers_.push_back(std::make_unique<Worker>(WorkerOptions{worker, in_.options.pin_workers, in_.clock},
                                                in_.host, pool_, std::move(stores_[worker])));
  }
  try {
    channels_ = build_tasks({in_.graph, plan_, in_.options, in_.clock, worker_count_, in_.options.key_groups,
                             restored_ ? &*restored_ : nullptr, in_.counters, targets_.identity_of_node},
                            workers_);
  } catch (const OperatorError& error) {
    return error.status();
  }
  std::set<std::string> unclaimed;
  for (auto& worker : workers_)
    for (const std::string& state : worker->store().unclaimed()) unclaimed.insert(state);
  if (in_.options.allow_unclaimed_state)
    for (auto& worker : workers_) worker->store().drop_unclaimed();
  if (unclaimed.empty() || in_.options.allow_unclaimed_state) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the checkpoint holds state that this pipeline does not claim: ", absl::StrJoin(unclaimed, ", "),
      "; rename with {\"new\", {.previously = \"old\"}}, or drop it with "
      "allow_unclaimed_state (--allow-unclaimed-state)"));
}

std::vector<detail::SourceSplit> Attempt::restored_splits(const Node& node, bool& found) const {
  std::vector<detail::SourceSplit> splits;
  if (!restored_) return splits;
  for (const SourceState& state : restored_->sources) {
    if (!is_called(node, state.id)) continue;
    found = true;
    for (const SplitState& split : state.splits)
      splits.push_back({{split.split, split.position}, from_millis(split.watermark)});
  }
  return splits;
}

absl::Status Attempt::open_connectors() {
  std::vector<absl::AnyInvocable<absl::Status()>> work;
  for (int number = 0; number < worker_count_; ++number) {
    Worker* worker = workers_[number].get();
    for (auto& owned : worker->tasks()) {
      Task* task = owned.get();
      for (Task::Slot& slot : task->slots()) {
        const Node* node = slot.node;
        if (node->kind == NodeKind::kSource) {
          bool found = false;
          auto splits = restored_splits(*node, found);
          SourceContext context{.id = node->id,
                                .job = in_.options.name,
                                .worker = number,
                                .workers = worker_count_,
                                .clock = in_.clock,
                                .is_restored = found,
                                .wake = [worker, task] { worker->wake_source(task); }};
          work.push_back([task, node, context = std::move(context),
                          splits = std::move(splits)]() mutable -> absl::Status {
            absl::Status status = task->source()->open(std::move(context), std::move(splits));
            return status.ok() ? status : at_node(*node, status);
          });
        } else if (slot.sink != nullptr) {
          SinkContext context{.id = node->id,
                              .job = in_.options.name,
                              .worker = number,
                              .workers = worker_count_,
                              .attempt = in_.directory.attempt(),
                              .outbox = in_.directory.outbox_path(),
                              .incarnation = incarnation_,
                              .files = &in_.files,
                              .clock = in_.clock,
                              .wake = [worker] { worker->signal().notify(); },
                              .request_checkpoint = in_.request_checkpoint};
          work.push_back([sink = slot.sink, node, context = std::move(context)]() mutable -> absl::Status {
            absl::Status status = sink->open(std::move(context));
            return status.ok() ? status : at_node(*node, status);
          });
        }
      }
    }
  }
  return all_of(std::move(work));
}

void Attempt::make_coordinator() {
  Manifest description;
  description.job = in_.options.name;
  description.incarnation = incarnation_;
  description.key_groups = in_.options.key_groups;
  description.workers = worker_count_;
  description.key_hash = detail::kKeyHashName;
  for (const Node& node : in_.graph.nodes)
    if (is_recorded(node)) description.pipeline.push_back({node.id, kind_name(node.kind)});
  description.targets = targets_.entries;
  const CheckpointOptions& options = in_.options.checkpoint;
  const Epoch first = restored_ ? Epoch{in_.directory.highest_seen()->number + 1} : Epoch{0};
  coordinator_ =
      std::make_unique<Coordinator>(CoordinatorOptions{.interval = options.interval,
                                                       .timeout = options.timeout,
                                                       .minimum_pause = options.minimum_pause,
                                                       .tolerable_failures = options.tolerable_failures},
                                    std::move(description), first, in_.clock.now());
}

void Attempt::start() {
  for (auto& delivery : targets_.deliveries) delivery->start();
  for (auto& worker : workers_) worker->start();
}

}  // namespace weir
