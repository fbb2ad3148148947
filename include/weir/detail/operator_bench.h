#pragma once
// The half of weir/testing.h that does not know the user's types; runtime/testing implements it.

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "weir/operator.h"

namespace weir::testing {

/// A clock that moves only when told. Any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp now = {}) : now_(now) {}
  Timestamp now() const override { return now_.load(std::memory_order_relaxed); }
  void set(Timestamp now) { now_.store(now, std::memory_order_relaxed); }

 private:
  std::atomic<Timestamp> now_;
};

/// What keeps the operator's state.
enum class TestStore {
  kMemory,       ///< an ordered map
  kWorkerStore,  ///< the real one, with RocksDB in a temporary directory
};

}  // namespace weir::testing

namespace weir::detail {

/// A record that came out, or should have.
struct TestLine {
  Timestamp time;
  std::string text;
};

struct BenchOptions {
  std::shared_ptr<const OperatorFactory> factory;
  /// For each output port: appends the batch's records.
  std::vector<void (*)(const BatchBase& batch, std::vector<TestLine>& lines)> ports;
  testing::TestStore store = testing::TestStore::kMemory;
  uint32_t key_groups = 128;
  Timestamp now{};
};

/// One operator over one store. Not thread-safe.
class OperatorBench {
 public:
  explicit OperatorBench(BenchOptions options);
  ~OperatorBench();

  void push(int input, BatchPtr batch);
  void watermark(Timestamp watermark);
  void processing_time(Timestamp now);
  std::string save();
  void restore(std::string_view saved);
  void evict();

  std::vector<BatchPtr> take(size_t port);
  std::vector<std::string> transcript(size_t port) const;
  size_t state_entries() const;
  int yields() const;
  Operator& op();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A script without its records: how many each step takes, and what each must give.
class ScriptPlan {
 public:
  enum class Kind { kBatch, kWatermark, kProcessingTime, kRestart };
  struct Step {
    Kind kind;
    Timestamp time;
    size_t records;
    std::vector<std::vector<TestLine>> expected;  ///< by port
  };

  explicit ScriptPlan(size_t ports) : ports_(ports) {}
  void begin_step(Kind kind, Timestamp time, size_t records) {
    steps_.push_back({kind, time, records, std::vector<std::vector<TestLine>>(ports_)});
  }
  void expect(size_t port, TestLine line) { steps_.back().expected[port].push_back(std::move(line)); }

  const std::vector<Step>& steps() const { return steps_; }
  size_t ports() const { return ports_; }

 private:
  size_t ports_;
  std::vector<Step> steps_;
};

/// See weir::testing::run_all_modes. make_batch gives a batch of the script's records [first, first + count).
std::string run_all_modes(const BenchOptions& options, const ScriptPlan& plan,
                          absl::FunctionRef<BatchPtr(size_t first, size_t count)> make_batch);

}  // namespace weir::detail
