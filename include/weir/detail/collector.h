#pragma once
// Where records gather on their way out of an operator: full batches leave at once.

#include <memory>
#include <utility>

#include "weir/operator.h"

namespace weir {

/// What flat_map gives its function: takes any number of results for one record.
template <class U>
class Collector {
 public:
  /// With the time of the record at hand.
  void emit(U value) { emit(std::move(value), time_); }
  void emit(U value, Timestamp time) {
    if (batch_ == nullptr) begin();
    batch_->push_back(std::move(value), time);
    if (batch_->values.size() >= kMaxBatchSize) flush();
  }

  // For operators.

  /// Results go to this port of `output` until the next attach; flush before `output` dies.
  void attach(int port, Output& output, const SplitName* split = nullptr) {
    port_ = port;
    output_ = &output;
    split_ = split;
  }
  void set_time(Timestamp time) { time_ = time; }
  Timestamp time() const { return time_; }
  /// Sends what has gathered.
  void flush() {
    if (batch_ == nullptr) return;
    emitted_ += batch_->values.size();
    output_->emit(port_, std::move(batch_));
  }
  /// Forgets what has gathered: the operator failed.
  void discard() { batch_ = nullptr; }
  /// Records ever emitted.
  uint64_t emitted() const { return emitted_ + (batch_ == nullptr ? 0 : batch_->values.size()); }

 private:
  void begin() {
    batch_ = std::make_unique<Batch<U>>();
    batch_->split = split_;
  }

  Output* output_ = nullptr;
  int port_ = 0;
  const SplitName* split_ = nullptr;
  Timestamp time_{};
  std::unique_ptr<Batch<U>> batch_;
  uint64_t emitted_ = 0;
};

}  // namespace weir
