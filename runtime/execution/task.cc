#include "runtime/execution/task.h"

#include "absl/strings/str_cat.h"
#include "weir/detail/check.h"

namespace weir {

using detail::Node;
using detail::NodeKind;

namespace {

/// How soon an idle source is polled again when nobody wakes it.
constexpr Duration kIdlePoll{10};

}  // namespace

/// A slot's output: calls what its ports lead to. The last one gets the batch, others copies.
class Task::SlotOutput final : public Output {
 public:
  SlotOutput(Task& task, int slot) : task_(task), slot_(slot) {}

  void emit(int port, BatchPtr batch) override {
    if (batch == nullptr || batch->size() == 0) return;
    const auto& ports = task_.slots_[slot_].ports;
    if (static_cast<size_t>(port) >= ports.size() || ports[port].empty()) return;
    const std::vector<Target>& targets = ports[port];
    for (size_t i = 0; i + 1 < targets.size(); ++i) hand_over(targets[i], batch->clone());
    hand_over(targets.back(), std::move(batch));
  }

 private:
  void hand_over(const Target& target, BatchPtr batch) {
    if (target.writer >= 0) {
      task_.writers_[target.writer]->write(std::move(batch));
    } else {
      task_.deliver(target.slot, target.input, std::move(batch));
    }
  }

  Task& task_;
  int slot_;
};

Task::Task(std::string name, TaskOptions options, TaskHost& host,
           std::unique_ptr<detail::SourceOperator> source, std::vector<Slot> slots, std::vector<Input> inputs,
           std::vector<std::unique_ptr<ChannelWriter>> writers)
    : name_(std::move(name)),
      options_(options),
      host_(host),
      source_(std::move(source)),
      slots_(std::move(slots)),
      inputs_(std::move(inputs)),
      writers_(std::move(writers)),
      alignment_(inputs_.size()),
      merge_(MergeInputs::kChannels, static_cast<int>(inputs_.size()), options.restored_watermark),
      watermark_(options.restored_watermark) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    outputs_.push_back(std::make_unique<SlotOutput>(*this, static_cast<int>(i)));
    has_deadlines_ |= slots_[i].processing_time != nullptr;
    has_sinks_ |= slots_[i].sink != nullptr;
  }
  skipped_before_ = slots_[0].counters->skipped.load(std::memory_order_relaxed);
}

Task::~Task() = default;

void Task::fail(const Node& node) {
  const std::string prefix = absl::StrCat("operator \"", node.id, "\": ");
  try {
    throw;
  } catch (const TaskFailure&) {
    throw;
  } catch (const OperatorError& error) {
    throw TaskFailure(absl::Status(error.status().code(), absl::StrCat(prefix, error.status().message())));
  } catch (const std::exception& error) {
    throw TaskFailure(absl::InternalError(absl::StrCat(prefix, "threw ", error.what())));
  } catch (...) {
    throw TaskFailure(
        absl::InternalError(absl::StrCat(prefix, "threw something that is not a std::exception")));
  }
}

void Task::deliver(int number, int input, BatchPtr batch) {
  const Slot& slot = slots_[number];
  auto& counter = slot.counters->records_in;  // one writer: no locked instruction
  counter.store(counter.load(std::memory_order_relaxed) + batch->size(), std::memory_order_relaxed);
  try {
    if (slot.op != nullptr) {
      slot.op->on_batch(input, std::move(batch), *outputs_[number]);
    } else if (slot.hasher != nullptr) {
      slot.hasher->scatter(std::move(batch),
                           [&](int, BatchPtr hashed) { outputs_[number]->emit(0, std::move(hashed)); });
    } else {
      outputs_[number]->emit(0, std::move(batch));
    }
  } catch (...) {
    fail(*slot.node);
  }
}

bool Task::ready() {
  bool drained = true;
  for (auto& writer : writers_) drained &= writer->drain();
  if (!drained) return false;
  if (has_sinks_) {
    for (const Slot& slot : slots_)
      if (slot.sink != nullptr && !slot.sink->ready()) return false;
  }
  return true;
}

bool Task::step() {
  if (!announced_) {  // the inputs of the tasks behind start from their merged watermark, which may be lower
    announced_ = true;
    if (watermark_ > kMinTimestamp)
      for (auto& writer : writers_) writer->broadcast(Item::watermark(watermark_));
  }
  if (!ready()) return false;
  if (pass_ != Pass::kNone) {
    continue_pass();
    return true;
  }
  if (finished_) return false;
  if (ending_) {
    finish();
    return true;
  }
  if (has_deadlines_ && start_processing_time()) {
    continue_pass();
    return true;
  }
  return is_source() ? step_source() : step_inputs();
}

void Task::trigger(Epoch epoch, bool last) {
  WEIR_CHECK(!trigger_);
  trigger_ = epoch;
  trigger_is_last_ = last;
}

bool Task::step_source() {
  if (trigger_) {
    take_barrier(*trigger_);
    stopped_ = trigger_is_last_;
    trigger_.reset();
    return true;
  }
  if (stopped_ || host_.hold_sources()) return false;
  if (source_idle_) {
    if (!source_ready_.exchange(false, std::memory_order_acquire) && options_.clock.now() < source_poll_at_)
      return false;
    source_idle_ = false;
  }
  Poll polled = Poll::kIdle;
  auto& counter = slots_[0].counters->records_in;
  class CountingOutput final : public Output {
   public:
    CountingOutput(Output& next, std::atomic<uint64_t>& counter) : next_(next), counter_(counter) {}
    void emit(int port, BatchPtr batch) override {
      if (port == 0)
        counter_.store(counter_.load(std::memory_order_relaxed) + batch->size(), std::memory_order_relaxed);
      emitted_ = true;
      next_.emit(port, std::move(batch));
    }
    bool emitted() const { return emitted_; }

   private:
    Output& next_;
    std::atomic<uint64_t>& counter_;
    bool emitted_ = false;
  } output(*outputs_[0], counter);
  detail::SourceProgress progress;
  try {
    polled = source_->poll(options_.batch_size, output);
    progress = source_->progress();
  } catch (...) {
    fail(*slots_[0].node);
  }
  slots_[0].counters->skipped.store(skipped_before_ + source_->skipped(), std::memory_order_relaxed);
  if (polled == Poll::kIdle) {
    flush_writers();
    source_idle_ = true;
    source_poll_at_ = saturating_add(options_.clock.now(), kIdlePoll);
  }
  ending_ = polled == Poll::kEnd;
  if (!progress.idle) set_idle(false);
  start_watermark(progress.watermark);
  if (progress.idle && !ending_) set_idle(true);
  return output.emitted() || pass_ != Pass::kNone || polled != Poll::kIdle;
}

bool Task::step_inputs() {
  for (size_t tried = 0; tried < inputs_.size(); ++tried) {
    const size_t input = next_input_;
    next_input_ = next_input_ + 1 == inputs_.size() ? 0 : next_input_ + 1;
    if (alignment_.blocked(input)) continue;
    Channel& channel = *inputs_[input].channel;
    Item item;
    const bool was_full = channel.full_for_consumer();
    if (!channel.pop(item)) continue;
    if (was_full) inputs_[input].producer->notify();
    handle(input, std::move(item));
    return true;
  }
  flush_writers();  // nothing more to come for now: no reason to let records wait
  return false;
}

void Task::flush_writers() {
  for (auto& writer : writers_) writer->flush();
}

void Task::handle(size_t input, Item item) {
  const int number = static_cast<int>(input);
  switch (item.kind) {
    case Item::Kind::kBatch:
      if (merge_.idle(number)) take(merge_.set_active(number));
      deliver(0, inputs_[input].operator_input, std::move(item.batch));
      break;
    case Item::Kind::kWatermark: take(merge_.update(number, item.time)); break;
    case Item::Kind::kIdle: take(merge_.set_idle(number)); break;
    case Item::Kind::kActive: take(merge_.set_active(number)); break;
    case Item::Kind::kBarrier:
      if (const auto epoch = alignment_.on_barrier(input, item.epoch)) {
        take_barrier(*epoch);
        alignment_.release();
      }
      break;
    case Item::Kind::kEnd:
      if (!merge_.idle(number)) take(merge_.update(number, kMaxTimestamp));
      if (const auto epoch = alignment_.on_end(input)) {
        take_barrier(*epoch);
        alignment_.release();
      }
      ending_ = alignment_.all_ended();
      break;
  }
}

void Task::take(const WatermarkChange& change) {
  if (change.idle == false) set_idle(false);
  if (change.watermark) start_watermark(*change.watermark);
  if (change.idle == true) set_idle(true);
}

void Task::set_idle(bool idle) {
  if (idle == idle_) return;
  idle_ = idle;
  if (pass_ != Pass::kNone) return;  // goes out behind the pass
  for (auto& writer : writers_) writer->broadcast(idle ? Item::idle() : Item::active());
}

void Task::start_watermark(Timestamp watermark) {
  if (watermark <= watermark_) return;
  watermark_ = watermark;
  pass_ = Pass::kWatermark;
  pass_slot_ = 0;
  pass_time_ = watermark;
  idle_before_pass_ = idle_;
  continue_pass();
}

bool Task::start_processing_time() {
  const Timestamp deadline = operators_deadline();
  if (deadline == kMaxTimestamp) return false;
  const Timestamp now = options_.clock.now();
  if (deadline > now) return false;
  pass_ = Pass::kProcessingTime;
  pass_slot_ = 0;
  pass_time_ = now;
  idle_before_pass_ = idle_;
  return true;
}

void Task::continue_pass() {
  for (; pass_slot_ < slots_.size(); ++pass_slot_) {
    const Slot& slot = slots_[pass_slot_];
    bool done = true;
    try {
      if (pass_ == Pass::kWatermark) {
        if (slot.op != nullptr) done = slot.op->on_watermark(pass_time_, *outputs_[pass_slot_]);
      } else if (slot.processing_time != nullptr && slot.processing_time->next_deadline() <= pass_time_) {
        done = slot.processing_time->on_processing_time(pass_time_, *outputs_[pass_slot_]);
      }
    } catch (...) {
      fail(*slot.node);
    }
    if (!done) return;
  }
  const Pass ended = std::exchange(pass_, Pass::kNone);
  if (ended == Pass::kWatermark)
    for (auto& writer : writers_) writer->broadcast(Item::watermark(pass_time_));
  if (ended == Pass::kProcessingTime) flush_writers();
  if (idle_ != idle_before_pass_)
    for (auto& writer : writers_) writer->broadcast(idle_ ? Item::idle() : Item::active());
}

void Task::take_barrier(Epoch epoch) {
  host_.snapshot(*this, epoch);
  for (auto& writer : writers_) writer->broadcast(Item::barrier(epoch));
}

void Task::finish() {
  if (trigger_) {
    take_barrier(*trigger_);
    trigger_.reset();
  }
  for (auto& writer : writers_) writer->broadcast(Item::end());
  finished_ = true;
  host_.finished(*this);
}

Timestamp Task::next_deadline() const {
  if (finished_) return kMaxTimestamp;
  const Timestamp operators = has_deadlines_ ? operators_deadline() : kMaxTimestamp;
  return is_source() && source_idle_ && !stopped_ ? std::min(operators, source_poll_at_) : operators;
}

Timestamp Task::operators_deadline() const {
  Timestamp next = kMaxTimestamp;
  for (const Slot& slot : slots_)
    if (slot.processing_time != nullptr) next = std::min(next, slot.processing_time->next_deadline());
  return next;
}

}  // namespace weir
