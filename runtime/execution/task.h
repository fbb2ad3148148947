#pragma once
// One stage of the plan on one worker: a chain (a tree, where a stream is used twice) of operators that call
// each other directly, fed by a source or by channels.
//
// Invariants:
// 1. Only the worker's thread touches it. One step handles one item, or one slice of a long firing.
// 2. Nothing is taken while an output waits for room or a sink is not ready: that is the backpressure.
// 3. Items of an input are handled in order; a watermark or a barrier has gone through all operators before
// the next
//    item is taken.
// 4. Every source takes every barrier, in order; the end of an input counts as its barrier.

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "operators/watermark/watermark_merge.h"
#include "runtime/exchange/alignment.h"
#include "runtime/exchange/channel_writer.h"
#include "weir/detail/graph.h"

namespace weir {

/// Why the job fails: an operator's id is in the message.
class TaskFailure : public std::runtime_error {
 public:
  explicit TaskFailure(absl::Status status)
      : std::runtime_error(std::string(status.message())), status_(std::move(status)) {}
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

class Task;

/// The worker, as its tasks see it.
class TaskHost {
 public:
  virtual ~TaskHost() = default;
  /// All input up to this barrier is processed and nothing after it: take the task's snapshot now.
  virtual void snapshot(Task& task, Epoch epoch) = 0;
  /// The task has emitted its end.
  virtual void finished(Task& task) = 0;
  /// Sources must not read more now (memory).
  virtual bool hold_sources() const = 0;
};

struct TaskOptions {
  size_t batch_size = kMaxBatchSize;
  const Clock& clock;
  /// Watermark at the checkpoint that is restored.
  Timestamp restored_watermark = kMinTimestamp;
};

/// Counters of a node on one worker: one writer, the worker, and any reader. They outlive attempts.
struct SlotCounters {
  std::atomic<uint64_t> records_in{0};
  std::atomic<uint64_t> skipped{0};
};

class Task {
 public:
  struct Input {
    Channel* channel = nullptr;
    Signal* producer = nullptr;
    int operator_input = 0;
  };
  /// Where a port leads: to a slot of this task, or to a writer.
  struct Target {
    int slot = -1;
    int input = 0;
    int writer = -1;
  };
  struct Slot {
    const detail::Node* node = nullptr;
    std::unique_ptr<Operator> op;                 ///< null: passes through (source, key_by head, merge)
    std::unique_ptr<detail::Partitioner> hasher;  ///< key_by in the chain (one worker): hashes, moves nothing
    ProcessingTimeOperator* processing_time = nullptr;
    detail::SinkOperator* sink = nullptr;
    std::vector<std::vector<Target>> ports;
    SlotCounters* counters = nullptr;
  };

  Task(std::string name, TaskOptions options, TaskHost& host, std::unique_ptr<detail::SourceOperator> source,
       std::vector<Slot> slots, std::vector<Input> inputs,
       std::vector<std::unique_ptr<ChannelWriter>> writers);
  ~Task();

  /// Does a bounded amount of work; false when there was nothing to do. Throws TaskFailure.
  bool step();

  /// Sources: a barrier is due before the next record. After the last one nothing is read any more.
  void trigger(Epoch epoch, bool last);

  /// When step() may have something to do although nothing arrives; kMaxTimestamp: never.
  Timestamp next_deadline() const;

  /// Any thread: the source may have records again.
  void wake_source() { source_ready_.store(true, std::memory_order_release); }

  bool is_source() const { return source_ != nullptr; }
  bool is_finished() const { return finished_; }
  detail::SourceOperator* source() { return source_.get(); }
  std::vector<Slot>& slots() { return slots_; }
  const std::string& name() const { return name_; }
  Timestamp watermark() const { return watermark_; }

 private:
  class SlotOutput;
  enum class Pass : uint8_t { kNone, kWatermark, kProcessingTime };

  bool step_source();
  bool step_inputs();
  void handle(size_t input, Item item);
  void take(const WatermarkChange& change);
  void deliver(int slot, int input, BatchPtr batch);
  void start_watermark(Timestamp watermark);
  void continue_pass();
  bool start_processing_time();
  Timestamp operators_deadline() const;
  void set_idle(bool idle);
  void flush_writers();
  void take_barrier(Epoch epoch);
  void finish();
  bool ready();
  [[noreturn]] void fail(const detail::Node& node);

  std::string name_;
  TaskOptions options_;
  TaskHost& host_;
  std::unique_ptr<detail::SourceOperator> source_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<SlotOutput>> outputs_;
  std::vector<Input> inputs_;
  std::vector<std::unique_ptr<ChannelWriter>> writers_;
  bool has_deadlines_ = false;
  bool has_sinks_ = false;

  Alignment alignment_;
  WatermarkMerge merge_;
  size_t next_input_ = 0;
  Timestamp watermark_ = kMinTimestamp;
  bool idle_ = false;
  bool idle_before_pass_ = false;

  Pass pass_ = Pass::kNone;
  size_t pass_slot_ = 0;
  Timestamp pass_time_ = kMinTimestamp;

  bool announced_ = false;
  std::optional<Epoch> trigger_;
  bool trigger_is_last_ = false;
  bool stopped_ = false;  // the last barrier has gone out: reads no more
  bool ending_ = false;   // all input is read: finish when the pass is done
  bool finished_ = false;
  uint64_t skipped_before_ = 0;  // by earlier attempts
  bool source_idle_ = false;
  Timestamp source_poll_at_ = kMinTimestamp;
  std::atomic<bool> source_ready_{false};
};

}  // namespace weir
