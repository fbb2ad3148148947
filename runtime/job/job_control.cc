#include "runtime/job/job_control.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "runtime/base/fault_point.h"
#include "runtime/base/log.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

/// The control thread looks around at least so often; only a bound, nothing depends on it.
constexpr Duration kLongestWait{200};

/// What a restart cannot mend: input that cannot be read, damaged files, a target that refuses. Above all an
/// instance that its successor has fenced must not come back: its recovery would fence the successor (R23).
bool is_permanent(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) || absl::IsDataLoss(status) ||
         absl::IsPermissionDenied(status);
}

}  // namespace

Job::Impl::Impl(detail::Graph graph, RunOptions options)
    : graph_(std::move(graph)),
      options_(std::move(options)),
      clock_(options_.clock != nullptr ? *options_.clock : system_clock()),
      files_(options_.files != nullptr ? *options_.files : real_file_system()),
      budget_(std::make_shared<MemoryBudget>(options_.memory_budget)),
      restarts_left_(options_.restart.attempts) {
  for (int worker = 0; worker < options_.workers; ++worker) counters_.emplace_back(graph_.nodes.size());
}

Job::Impl::~Impl() {
  boost::asio::post(control_, [this] { abort_requested_ = true; });
  if (thread_.joinable()) thread_.join();
  attempt_.reset();
  directory_.reset();
  if (!temporary_directory_.empty()) {
    if (absl::Status status = files_.remove_tree(temporary_directory_); !status.ok())
      log()->warn("temporary directory is left behind: {}", std::string(status.message()));
  }
}

absl::Status Job::Impl::start() {
  WEIR_RETURN_IF_ERROR(open_directory());
  WEIR_RETURN_IF_ERROR(open_attempt());
  thread_ = std::thread([this] { run(); });
  return absl::OkStatus();
}

absl::Status Job::Impl::open_directory() {
  std::string path = options_.checkpoint_directory;
  if (path.empty()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr)
      return absl::UnavailableError(absl::StrCat("cannot make a temporary directory like ", pattern));
    path = temporary_directory_ = pattern;
  }
  WEIR_ASSIGN_OR_RETURN(
      directory_,
      CheckpointDirectory::open(
          {.path = path, .job = options_.name, .retained = options_.checkpoint.retained, .files = &files_}));
  return absl::OkStatus();
}

absl::Status Job::Impl::open_attempt() {
  const uint64_t number = attempt_number_.fetch_add(1) + 1;
  if (number > 1) {  // opening the directory began the first one
    WEIR_RETURN_IF_ERROR(directory_->begin_attempt());
    WEIR_RETURN_IF_ERROR(directory_->reload());
  }
  failure_ = absl::OkStatus();
  acks_missing_ = workers_finished_ = 0;
  directory_busy_ = false;
  delivering_.clear();
  final_epoch_.reset();
  const AttemptInput input{.graph = graph_,
                           .options = options_,
                           .is_restart = number > 1,
                           .clock = clock_,
                           .files = files_,
                           .directory = *directory_,
                           .budget = budget_,
                           .host = *this,
                           .counters = counters_,
                           .delivered =
                               [this](const std::string& target, absl::StatusOr<Delivery::Delivered> last) {
                                 post([this, target, last = std::move(last)] { on_delivered(target, last); });
                               },
                           .request_checkpoint = [this] { want_checkpoint(); }};
  WEIR_ASSIGN_OR_RETURN(attempt_, Attempt::open(input));
  attempt_started_ = clock_.now();
  if (attempt_->coordinator().due(clock_.now())) begin_checkpoint();  // epoch 0, before anything is read
  attempt_->start();
  return absl::OkStatus();
}

void Job::Impl::post(std::function<void()> work) {
  boost::asio::post(control_, [this, number = attempt_number_.load(), work = std::move(work)] {
    if (number == attempt_number_.load() && attempt_ != nullptr) work();
  });
}

void Job::Impl::run() {
  while (true) {
    run_attempt();
    attempt_.reset();
    if (failure_.ok()) return end(JobStatus::State::kFinished, absl::OkStatus());
    if (abort_requested_) return end(JobStatus::State::kFailed, failure_);
    if (clock_.now() - attempt_started_ >= options_.restart.reset_after)
      restarts_left_ = options_.restart.attempts;
    absl::Status opened = failure_;
    while (!opened.ok()) {
      failure_ = opened;
      if (is_permanent(failure_) || stop_requested_ || restarts_left_ == 0 || !wait_before_restart()) {
        log()->error("job {} failed: {}", options_.name, std::string(failure_.message()));
        return end(JobStatus::State::kFailed, failure_);
      }
      --restarts_left_;
      opened = open_attempt();
    }
    log()->info("job {} runs again", options_.name);
  }
}

bool Job::Impl::wait_before_restart() {
  log()->warn("job {} restarts in {} ms ({} attempts left): {}", options_.name,
              options_.restart.delay.count(), restarts_left_ - 1, std::string(failure_.message()));
  {
    const std::lock_guard lock(mutex_);
    status_.state = JobStatus::State::kRestarting;
    status_.failure = failure_;
    ++status_.restarts;
  }
  const auto until = std::chrono::steady_clock::now() + options_.restart.delay;
  while (!stop_requested_ && !abort_requested_ && std::chrono::steady_clock::now() < until) {
    control_.run_one_for(Duration{10});
  }
  return !stop_requested_ && !abort_requested_;
}

void Job::Impl::run_attempt() {
  Coordinator& coordinator = attempt_->coordinator();
  while (failure_.ok()) {
    if (abort_requested_) return fail(absl::CancelledError("the job was destroyed while it ran"));
    const Timestamp now = clock_.now();
    coordinator.expire(now);
    for (const AbandonedEpoch& abandoned : coordinator.take_abandoned()) {
      log()->warn("checkpoint {} given up: {}", abandoned.epoch.number,
                  std::string(abandoned.reason.message()));
      if (final_epoch_ == abandoned.epoch) final_epoch_.reset();
      const std::lock_guard lock(mutex_);
      ++status_.failed_checkpoints;
    }
    if (absl::Status health = coordinator.health(); !health.ok()) return fail(std::move(health));
    const bool ending = stop_requested_ || workers_finished_ == options_.workers;
    if (ending && !final_epoch_) coordinator.request();
    if (acks_missing_ == 0 && coordinator.due(now)) begin_checkpoint();
    write_manifest();
    deliver();
    if (final_epoch_ && coordinator.last_decided() >= final_epoch_ && !directory_busy_ && all_is_out())
      return publish();
    publish();
    const Timestamp deadline = std::min(coordinator.next_deadline(), saturating_add(now, kLongestWait));
    control_.run_one_for(std::max(deadline - clock_.now(), Duration{1}));
    control_.poll();
  }
}

void Job::Impl::begin_checkpoint() {
  const EpochCut next = attempt_->coordinator().begin(clock_.now());
  acks_missing_ = options_.workers;
  const bool last = stop_requested_ || workers_finished_ == options_.workers;
  if (last) final_epoch_ = next.epoch;
  WEIR_FAULT_POINT("job.before_barriers");
  for (auto& worker : attempt_->workers()) worker->trigger(next.epoch, last);
}

void Job::Impl::acknowledge(int worker, Epoch epoch, WorkerAck ack) {
  auto shared = std::make_shared<WorkerAck>(std::move(ack));
  post([this, worker, epoch, shared] {
    --acks_missing_;
    attempt_->coordinator().ack(worker, epoch, std::move(*shared));
  });
}

void Job::Impl::declined(int worker, Epoch epoch, absl::Status reason) {
  post([this, worker, epoch, reason = std::move(reason)] {
    --acks_missing_;
    attempt_->coordinator().decline(worker, epoch, reason, clock_.now());
  });
}

void Job::Impl::write_manifest() {
  if (directory_busy_) return;
  std::optional<Manifest> manifest = attempt_->coordinator().complete(clock_.now());
  if (!manifest) return;
  directory_busy_ = true;
  attempt_->pool().post([this, manifest = *std::move(manifest)] {
    absl::Status status = directory_->write_manifest(manifest);
    post([this, epoch = manifest.epoch, status] { on_written(epoch, status); });
  });
}

void Job::Impl::on_written(Epoch epoch, const absl::Status& status) {
  directory_busy_ = false;
  Coordinator& coordinator = attempt_->coordinator();
  if (absl::IsUnknown(status)) return fail(status);
  if (!status.ok()) return coordinator.write_failed(epoch, status, clock_.now());
  coordinator.decided(epoch, clock_.now());
  for (auto& worker : attempt_->workers()) worker->decided(epoch);
  {
    const std::lock_guard lock(mutex_);
    ++status_.checkpoints;
    status_.decided_epoch = epoch.number;
  }
  release_files();
}

void Job::Impl::release_files() {
  directory_busy_ = true;
  Coordinator& coordinator = attempt_->coordinator();
  attempt_->pool().post(
      [this, pending = coordinator.pending_files(), orphans = coordinator.take_orphans()]() mutable {
        FileListing gone = directory_->release(pending, std::move(orphans));
        post([this, gone = std::move(gone)] {
          directory_busy_ = false;
          for (auto& delivery : attempt_->deliveries())
            delivery->discard(gone.segments_of(delivery->identity()));
        });
      });
}

void Job::Impl::deliver() {
  for (auto& delivery : attempt_->deliveries()) {
    const auto chain = attempt_->coordinator().chain_of(delivery->identity());
    if (!chain.empty() && delivering_.insert(delivery->identity()).second) delivery->deliver(chain);
  }
}

void Job::Impl::on_delivered(const std::string& target, const absl::StatusOr<Delivery::Delivered>& last) {
  if (!last.ok()) return fail(last.status());
  delivering_.erase(target);
  attempt_->coordinator().applied(target, last->epoch, last->cut, last->marker_moved);
  for (auto& worker : attempt_->workers()) worker->applied(target, last->epoch);
}

bool Job::Impl::all_is_out() {
  return std::all_of(attempt_->deliveries().begin(), attempt_->deliveries().end(), [&](const auto& delivery) {
    return attempt_->coordinator().chain_of(delivery->identity()).empty();
  });
}

void Job::Impl::fail(absl::Status status) {
  if (failure_.ok()) failure_ = std::move(status);
}

void Job::Impl::failed(int, absl::Status status) {
  post([this, status = std::move(status)] { fail(status); });
}

void Job::Impl::all_finished(int) {
  post([this] { ++workers_finished_; });
}

void Job::Impl::want_checkpoint() {
  post([this] { attempt_->coordinator().request(); });
}

void Job::Impl::publish() {
  uint64_t bytes = 0;
  for (auto& worker : attempt_->workers()) bytes += worker->memory_bytes();
  std::optional<Epoch> applied = attempt_->coordinator().last_decided();
  for (auto& delivery : attempt_->deliveries())
    applied = std::min(applied, attempt_->coordinator().applied_up_to(delivery->identity()));
  const std::lock_guard lock(mutex_);
  if (applied) status_.applied_epoch = applied->number;
  status_.state = stop_requested_ ? JobStatus::State::kStopping : JobStatus::State::kRunning;
  status_.state_memory_bytes = bytes;
}

void Job::Impl::end(JobStatus::State state, absl::Status failure) {
  directory_.reset();  // unlocked: another start may follow while the handle lives
  const std::lock_guard lock(mutex_);
  status_.state = state;
  if (state == JobStatus::State::kFailed) status_.failure = std::move(failure);
  has_ended_ = true;
  ended_.notify_all();
}

absl::Status Job::Impl::wait() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return has_ended_; });
  return status_.state == JobStatus::State::kFailed ? status_.failure : absl::OkStatus();
}

void Job::Impl::stop() {
  boost::asio::post(control_, [this] { stop_requested_ = true; });
}

JobStatus Job::Impl::status() const {
  JobStatus status;
  {
    const std::lock_guard lock(mutex_);
    status = status_;
  }
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    OperatorStatus& op = status.operators.emplace_back(OperatorStatus{.id = graph_.nodes[i].id});
    for (const auto& of_worker : counters_) {
      op.records_in += of_worker[i].records_in.load(std::memory_order_relaxed);
      op.skipped += of_worker[i].skipped.load(std::memory_order_relaxed);
    }
  }
  return status;
}

}  // namespace weir
