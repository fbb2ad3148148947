#pragma once
// The level below the pipeline API, for authors of operators: one object per worker, called by that worker's
// thread only, batch by batch. Abilities beyond it (processing time, two-phase commit) are interfaces of
// their own that the same object may implement.
//
//   class Doubler : public weir::Operator {
//     void on_batch(int, weir::BatchPtr batch, weir::Output& output) override {
//       for (int& v : static_cast<weir::Batch<int>&>(*batch).values) v *= 2;
//       output.emit(0, std::move(batch));
//     }
//   };

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "weir/batch.h"
#include "weir/clock.h"
#include "weir/epoch.h"
#include "weir/id.h"
#include "weir/time.h"

namespace weir {

namespace detail {
class StateBackend;
}

/// Where an operator's results go. Port 0 is the main output; others are side outputs (late records, dead
/// letters).
class Output {
 public:
  virtual ~Output() = default;
  /// Never blocks: what has no room waits in front of the exchange, and the task is not scheduled until it
  /// has left.
  virtual void emit(int port, BatchPtr batch) = 0;
};

/// What an operator is built with.
struct OperatorContext {
  Id id;
  int worker = 0;
  int workers = 1;
  uint32_t key_groups = 1024;
  const Clock& clock;
  /// This operator's keyed state on this worker; outlives the operator. Null for operators that declared
  /// none.
  detail::StateBackend* state = nullptr;
  /// What save() gave at the checkpoint that is restored; empty at a first start.
  std::vector<std::string> restored;
  /// The watermark that had reached this operator at that checkpoint.
  Timestamp restored_watermark = kMinTimestamp;
};

class Operator {
 public:
  virtual ~Operator() = default;

  /// Takes the batch. input counts from 0 in the order in which the streams were named.
  virtual void on_batch(int input, BatchPtr batch, Output& output) = 0;

  /// Event time has reached `watermark`; called with strictly growing values, and again with the same one for
  /// as long as it returns false, which it does to give the thread back after a bounded amount of output
  /// (about 1 ms). The watermark goes downstream after true.
  virtual bool on_watermark(Timestamp watermark, Output& output) {
    (void)watermark, (void)output;
    return true;
  }

  /// State that is not keyed, at a barrier; comes back in OperatorContext::restored. Small.
  virtual std::string save() { return {}; }
};

/// An operator that acts when processing time passes.
class ProcessingTimeOperator {
 public:
  virtual ~ProcessingTimeOperator() = default;
  /// When it wants to be called next; kMaxTimestamp: not at all.
  virtual Timestamp next_deadline() const = 0;
  /// Called when now >= next_deadline(); false: call again (as for on_watermark).
  virtual bool on_processing_time(Timestamp now, Output& output) = 0;
};

/// An operator whose target may have no room. Its task is not scheduled while it is not ready.
class BoundedOperator {
 public:
  virtual ~BoundedOperator() = default;
  virtual bool ready() const = 0;
};

/// What makes an operator, once per worker. Immutable: workers call it at the same time.
class OperatorFactory {
 public:
  virtual ~OperatorFactory() = default;
  /// Throws OperatorError when the context cannot be served (an unreadable restored state, for example).
  virtual std::unique_ptr<Operator> make(OperatorContext context) const = 0;
};

/// Stops the job: the status says what failed, on what (record position included) and what to do. The runtime
/// adds the operator's id. Any other exception out of an operator is wrapped into one of these.
class OperatorError : public std::runtime_error {
 public:
  explicit OperatorError(absl::Status status)
      : std::runtime_error(std::string(status.message())), status_(std::move(status)) {}
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

/// " at <split> offset <n>" before the first exchange, else " at time <t>"; for error messages about one
/// record.
std::string describe_position(const BatchBase& batch, size_t index);

}  // namespace weir
