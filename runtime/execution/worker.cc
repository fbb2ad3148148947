#include "runtime/execution/worker.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "runtime/base/fault_point.h"
#include "runtime/base/log.h"
#include "weir/detail/check.h"

namespace weir {

namespace {

/// The longest sleep without a deadline; only a bound, nothing depends on it.
constexpr Duration kLongestSleep{1000};

}  // namespace

Worker::Worker(WorkerOptions options, WorkerHost& host, BlockingPool& pool,
               std::unique_ptr<WorkerStore> store)
    : options_(options), host_(host), pool_(pool), store_(std::move(store)), signal_([this] {
        boost::asio::post(loop_, [] {});
      }) {}

Worker::~Worker() {
  stop();
  join();
}

void Worker::set_tasks(std::vector<std::unique_ptr<Task>> tasks,
                       std::map<const detail::SinkOperator*, std::string> target_of) {
  tasks_ = std::move(tasks);
  target_of_ = std::move(target_of);
  running_ = tasks_.size();
}

void Worker::start() {
  thread_ = std::thread([this] { run(); });
  if (!options_.pin) return;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<size_t>(options_.number) % std::thread::hardware_concurrency(), &cores);
  if (pthread_setaffinity_np(thread_.native_handle(), sizeof cores, &cores) != 0)
    log()->warn("worker {} could not be pinned to its core; it runs unpinned", options_.number);
}

void Worker::stop() {
  stopping_.store(true);
  boost::asio::post(loop_, [] {});
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::post(std::function<void()> work) { boost::asio::post(loop_, std::move(work)); }

void Worker::trigger(Epoch epoch, bool last) {
  post([this, epoch, last] { begin(epoch, last); });
}

void Worker::wake_source(Task* task) {
  task->wake_source();
  signal_.notify();
}

void Worker::decided(Epoch epoch) {
  {
    const std::lock_guard lock(undecided_mutex_);
    undecided_.erase(undecided_.begin(), undecided_.upper_bound(epoch));
  }
  post([this, epoch] {
    const auto positions = source_positions_.find(epoch);
    if (positions != source_positions_.end()) {
      for (auto& task : tasks_) {
        const auto splits = positions->second.find(task.get());
        if (splits != positions->second.end()) task->source()->on_checkpoint(splits->second);
      }
    }
    source_positions_.erase(source_positions_.begin(), source_positions_.upper_bound(epoch));
  });
}

void Worker::applied(const std::string& target, Epoch epoch) {
  post([this, target, epoch] {
    for (auto& task : tasks_)
      for (Task::Slot& slot : task->slots())
        if (slot.sink != nullptr && target_of_[slot.sink] == target) slot.sink->on_applied(epoch);
  });
}

void Worker::run() {
  try {
    while (!stopping_.load(std::memory_order_relaxed)) {
      loop_.poll();
      if (!step_all()) sleep();
    }
  } catch (const TaskFailure& failure) {
    host_.failed(options_.number, failure.status());
  } catch (const OperatorError& error) {
    host_.failed(options_.number, error.status());
  } catch (const std::exception& error) {
    host_.failed(options_.number, absl::InternalError(std::string("worker failed: ") + error.what()));
  }
}

bool Worker::step_all() {
  bool progress = false;
  // Last stages first: what leaves makes room for what comes.
  for (auto task = tasks_.rbegin(); task != tasks_.rend(); ++task) progress |= (*task)->step();
  store_->maintain();
  memory_bytes_.store(store_->memory_bytes(), std::memory_order_relaxed);
  if (store_->wants_checkpoint() != wants_checkpoint_) {
    wants_checkpoint_ = !wants_checkpoint_;
    if (wants_checkpoint_) host_.want_checkpoint();
  }
  return progress;
}

void Worker::sleep() {
  signal_.about_to_sleep();
  if (!step_all() && !stopping_.load()) {
    const Timestamp now = options_.clock.now();
    Timestamp wake_at = saturating_add(now, kLongestSleep);
    for (const auto& task : tasks_) wake_at = std::min(wake_at, task->next_deadline());
    if (wake_at > now) loop_.run_one_for(wake_at - now);
  }
  signal_.awake();
}

void Worker::begin(Epoch epoch, bool last) {
  // A barrier from another worker may have come first and even completed this worker's part.
  if (begun_ != epoch) gather(epoch);
  for (auto& task : tasks_)
    if (task->is_source() && !task->is_finished()) task->trigger(epoch, last);
}

void Worker::gather(Epoch epoch) {
  WEIR_CHECK(gathering_ == nullptr);
  begun_ = epoch;
  gathering_ = std::make_unique<Gathering>();
  gathering_->epoch = epoch;
  for (auto& task : tasks_) gathering_->missing.push_back(task.get());
  for (auto& task : tasks_)
    if (task->is_finished()) snapshot(*task, epoch);
}

void Worker::snapshot(Task& task, Epoch epoch) {
  if (begun_ != epoch) gather(epoch);
  if (gathering_ == nullptr) return;  // complete: a finished task was counted already
  auto& missing = gathering_->missing;
  const auto found = std::find(missing.begin(), missing.end(), &task);
  if (found == missing.end()) return;
  missing.erase(found);

  WorkerAck& ack = gathering_->ack;
  if (task.is_source()) {
    SourceState state{task.slots()[0].node->id, {}};
    auto splits = task.source()->splits();
    for (const detail::SourceSplit& split : splits)
      state.splits.push_back({split.position.split, split.position.position, to_millis(split.watermark)});
    ack.sources.push_back(std::move(state));
    source_positions_[epoch][&task] = std::move(splits);
  }
  for (Task::Slot& slot : task.slots()) {
    ack.watermarks.push_back({slot.node->id, options_.number, to_millis(task.watermark())});
    if (slot.op != nullptr && slot.sink == nullptr) {
      if (std::string bytes = slot.op->save(); !bytes.empty())
        ack.operators.push_back({slot.node->id, options_.number, std::move(bytes)});
    }
    if (slot.node->stateful) store_->freeze(slot.node->id, epoch);
    if (slot.sink != nullptr) gathering_->seals.emplace_back(target_of_[slot.sink], slot.sink->seal(epoch));
  }
  if (missing.empty()) complete();
}

void Worker::finished(Task& task) {
  --running_;
  if (gathering_ != nullptr) snapshot(task, gathering_->epoch);
  if (running_ == 0) host_.all_finished(options_.number);
}

void Worker::complete() {
  std::shared_ptr<Gathering> done = std::move(gathering_);
  const Epoch epoch = done->epoch;
  pool_.post([this, done, epoch, snapshot = store_->seal(epoch)]() mutable {
    report(epoch, done, std::move(snapshot));
  });
}

void Worker::report(Epoch epoch, std::shared_ptr<Gathering> done, SnapshotJob snapshot) {
  std::vector<std::pair<std::string, Segment>> sealed;
  for (auto& [target, seal] : done->seals) {
    absl::StatusOr<std::vector<Segment>> segments = seal();
    if (!segments.ok()) return host_.failed(options_.number, segments.status());
    for (Segment& segment : *segments) sealed.emplace_back(target, std::move(segment));
  }
  {
    const std::lock_guard lock(undecided_mutex_);
    undecided_[epoch] = std::move(sealed);
    for (const auto& [of, segments] : undecided_)
      for (const auto& [target, segment] : segments) done->ack.segments[target].push_back(segment);
  }
  WEIR_FAULT_POINT("worker.segments_sealed");
  absl::StatusOr<WorkerSnapshot> state = snapshot();
  post([this] { advance_base(); });
  if (!state.ok()) return host_.declined(options_.number, epoch, state.status());
  WEIR_FAULT_POINT("worker.state_written");
  done->ack.state = *std::move(state);
  host_.acknowledge(options_.number, epoch, std::move(done->ack));
}

void Worker::advance_base() {
  std::optional<BaseAdvanceJob> job = store_->advance_base();
  if (!job) return;
  pool_.post([this, job = *std::move(job)]() mutable {
    auto result = std::make_shared<absl::StatusOr<BaseAdvanced>>(job());
    post([this, result] { store_->apply(*result); });
  });
}

}  // namespace weir
