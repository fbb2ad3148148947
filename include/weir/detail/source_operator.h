#pragma once
// The head of a source's task: polls the reader, stamps event time, keeps one watermark a split.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weir/detail/split_watermarks.h"
#include "weir/error_policy.h"
#include "weir/operator.h"
#include "weir/source.h"
#include "weir/watermark.h"

namespace weir::detail {

/// A split in a checkpoint: where reading goes on, and how far its event time had come.
struct SourceSplit {
  SplitPosition position;
  Timestamp watermark = kMinTimestamp;
};

/// What the runtime sees of a source on one worker. Worker's thread but for open.
class SourceOperator {
 public:
  virtual ~SourceOperator() = default;
  /// Off the worker's thread, once; may block.
  virtual absl::Status open(SourceContext context, std::vector<SourceSplit> restored) = 0;
  /// Emits at most one batch of `max_records` on port 0 (undecodable records as DeadLetter on port 1).
  /// Throws OperatorError when the reader fails.
  virtual Poll poll(size_t max_records, Output& output) = 0;
  /// The watermark over this worker's splits, and whether all of them are idle. Grows only.
  virtual SourceProgress progress() = 0;
  virtual std::vector<SourceSplit> splits() const = 0;
  virtual void on_checkpoint(const std::vector<SourceSplit>& splits) = 0;
  /// Records that the error policy skipped.
  virtual uint64_t skipped() const = 0;
};

class SourceOperatorFactory {
 public:
  virtual ~SourceOperatorFactory() = default;
  virtual std::string describe() const = 0;
  virtual absl::Status check() const = 0;
  virtual std::unique_ptr<SourceOperator> make() const = 0;
};

/// The stream's timestamp option with the user's function erased: one virtual call a batch.
template <class T>
class TimestampAssigner {
 public:
  virtual ~TimestampAssigner() = default;
  virtual void assign(const std::vector<T>& values, std::vector<Timestamp>& times) const = 0;
};

template <class T, class F>
class FunctionTimestampAssigner final : public TimestampAssigner<T> {
 public:
  explicit FunctionTimestampAssigner(F function) : function_(std::move(function)) {}
  void assign(const std::vector<T>& values, std::vector<Timestamp>& times) const override {
    times.resize(values.size());
    for (size_t i = 0; i < values.size(); ++i) times[i] = std::invoke(function_, values[i]);
  }

 private:
  F function_;
};

struct SourceTiming {
  Duration max_out_of_orderness{0};
  Duration idle_after{0};
};

template <class T>
class ReaderOperator final : public SourceOperator {
 public:
  ReaderOperator(std::unique_ptr<SourceReader<T>> reader,
                 std::shared_ptr<const TimestampAssigner<T>> assigner, SourceTiming timing,
                 ErrorPolicy::Action on_error)
      : reader_(std::move(reader)), assigner_(std::move(assigner)), timing_(timing), on_error_(on_error) {}

  absl::Status open(SourceContext context, std::vector<SourceSplit> restored) override {
    id_ = context.id;
    watermarks_ =
        std::make_unique<SplitWatermarks>(context.clock, timing_.max_out_of_orderness, timing_.idle_after);
    for (const SourceSplit& split : restored) context.restored.push_back(split.position);
    if (on_error_ != ErrorPolicy::Action::kFail) {
      context.on_bad_record = [this](const RawRecord& record, const SplitName& split,
                                     const absl::Status& status) {
        take_bad(record, split, status);
        return absl::OkStatus();
      };
    }
    if (absl::Status status = reader_->open(std::move(context)); !status.ok()) return status;
    for (const SplitPosition& position : reader_->positions()) {
      Timestamp watermark = kMinTimestamp;
      for (const SourceSplit& split : restored)
        if (split.position.split == position.split) watermark = split.watermark;
      watermarks_->add(position.split, watermark);
    }
    return absl::OkStatus();
  }

  Poll poll(size_t max_records, Output& output) override {
    if (batch_ == nullptr) batch_ = std::make_unique<Batch<T>>();
    absl::StatusOr<Poll> polled = reader_->poll(max_records, *batch_);
    if (dead_ != nullptr) output.emit(1, std::move(dead_));
    if (!polled.ok()) throw OperatorError(polled.status());
    const size_t count = batch_->values.size();
    if (count > 0) {
      if (assigner_ != nullptr) {
        assigner_->assign(batch_->values, batch_->times);
      } else if (batch_->times.empty()) {
        batch_->times.assign(count, kMinTimestamp);
      }
      watermarks_->observe(*batch_->split, batch_->times);
      output.emit(0, std::move(batch_));
    } else {
      batch_->clear();
    }
    if (*polled == Poll::kEnd) watermarks_->end();
    return *polled;
  }

  SourceProgress progress() override { return watermarks_->progress(); }

  std::vector<SourceSplit> splits() const override {
    std::vector<SourceSplit> splits;
    for (SplitPosition& position : reader_->positions()) {
      const Timestamp watermark = watermarks_->of(position.split);
      splits.push_back({std::move(position), watermark});
    }
    return splits;
  }

  void on_checkpoint(const std::vector<SourceSplit>& splits) override {
    std::vector<SplitPosition> positions;
    for (const SourceSplit& split : splits) positions.push_back(split.position);
    reader_->on_checkpoint(positions);
  }

  uint64_t skipped() const override { return skipped_; }

 private:
  void take_bad(const RawRecord& record, const SplitName& split, const absl::Status& status) {
    ++skipped_;
    if (on_error_ != ErrorPolicy::Action::kDeadLetter) return;
    if (dead_ == nullptr) dead_ = std::make_unique<Batch<DeadLetter>>();
    dead_->push_back(
        DeadLetter{std::string(record.value), std::string(status.message()), id_, split, record.offset},
        record.time);
  }

  std::unique_ptr<SourceReader<T>> reader_;
  std::shared_ptr<const TimestampAssigner<T>> assigner_;
  SourceTiming timing_;
  ErrorPolicy::Action on_error_;
  std::string id_;
  std::unique_ptr<SplitWatermarks> watermarks_;
  std::unique_ptr<Batch<T>> batch_;
  std::unique_ptr<Batch<DeadLetter>> dead_;
  uint64_t skipped_ = 0;
};

template <class T>
class ReaderOperatorFactory final : public SourceOperatorFactory {
 public:
  ReaderOperatorFactory(std::shared_ptr<const SourceFactory<T>> source,
                        std::shared_ptr<const TimestampAssigner<T>> assigner, SourceTiming timing,
                        ErrorPolicy::Action on_error)
      : source_(std::move(source)), assigner_(std::move(assigner)), timing_(timing), on_error_(on_error) {}

  std::string describe() const override { return source_->describe(); }
  absl::Status check() const override { return source_->check(); }
  std::unique_ptr<SourceOperator> make() const override {
    return std::make_unique<ReaderOperator<T>>(source_->make(), assigner_, timing_, on_error_);
  }

 private:
  std::shared_ptr<const SourceFactory<T>> source_;
  std::shared_ptr<const TimestampAssigner<T>> assigner_;
  SourceTiming timing_;
  ErrorPolicy::Action on_error_;
};

}  // namespace weir::detail
