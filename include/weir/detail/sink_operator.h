#pragma once
// A sink's task: a writer behind the operator interface.

#include <memory>
#include <string>

#include "weir/operator.h"
#include "weir/sink.h"

namespace weir::detail {

/// What the runtime sees of a sink on one worker beyond Operator and BoundedOperator.
class SinkOperator : public Operator, public BoundedOperator {
 public:
  /// Off the worker's thread, once; may block.
  virtual absl::Status open(SinkContext context) = 0;
  virtual SealJob seal(Epoch epoch) = 0;
  virtual void on_applied(Epoch epoch) = 0;
};

class SinkOperatorFactory {
 public:
  virtual ~SinkOperatorFactory() = default;
  virtual std::string describe() const = 0;
  virtual absl::Status check() const = 0;
  virtual std::unique_ptr<SinkOperator> make() const = 0;
  /// Null: at least once.
  virtual std::shared_ptr<const TargetFactory> target() const = 0;
};

template <class T>
class WriterOperator final : public SinkOperator {
 public:
  explicit WriterOperator(std::unique_ptr<SinkWriter<T>> writer) : writer_(std::move(writer)) {}

  absl::Status open(SinkContext context) override { return writer_->open(std::move(context)); }
  void on_batch(int, BatchPtr batch, Output&) override {
    if (absl::Status status = writer_->write(static_cast<const Batch<T>&>(*batch)); !status.ok())
      throw OperatorError(std::move(status));
  }
  bool ready() const override { return writer_->ready(); }
  SealJob seal(Epoch epoch) override { return writer_->seal(epoch); }
  void on_applied(Epoch epoch) override { writer_->on_applied(epoch); }

 private:
  std::unique_ptr<SinkWriter<T>> writer_;
};

template <class T>
class WriterOperatorFactory final : public SinkOperatorFactory {
 public:
  explicit WriterOperatorFactory(std::shared_ptr<const SinkFactory<T>> sink) : sink_(std::move(sink)) {}
  std::string describe() const override { return sink_->describe(); }
  absl::Status check() const override { return sink_->check(); }
  std::unique_ptr<SinkOperator> make() const override {
    return std::make_unique<WriterOperator<T>>(sink_->make());
  }
  std::shared_ptr<const TargetFactory> target() const override { return sink_->target(); }

 private:
  std::shared_ptr<const SinkFactory<T>> sink_;
};

}  // namespace weir::detail
