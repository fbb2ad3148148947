#pragma once
// Tests of operators and of the functions given to them, without a running job: virtual time, no threads.
//
//   weir::testing::OperatorTester<Trade, Bar> tester(factory, {.key = &Trade::symbol});
//   tester.push(trade, time);
//   tester.watermark(time + 1min);
//   tester.restart();                       // save, destroy, restore
//   REQUIRE(tester.take() == …);            // std::vector<Timed<Bar>>
//
// A script is run in every way that must make no difference (batch sizes, restarts between any two of its
// steps, state in memory or not):
//
//   weir::testing::Script<Trade, Bar> script;
//   script.record(trade, time);
//   script.watermark(end).expect(bar, end - 1ms);
//   REQUIRE(weir::testing::run_all_modes(factory, script, {.key = &Trade::symbol}) == "");

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "weir/detail/describe_value.h"
#include "weir/detail/operator_bench.h"
#include "weir/operator.h"
#include "weir/serde.h"

namespace weir::testing {

/// A record with its event time.
template <class T>
struct Timed {
  T value;
  Timestamp time;
  friend bool operator==(const Timed&, const Timed&) = default;
};

/// The function of key_by: the batches that the tester pushes carry the hashes of these keys.
template <class T>
class KeyOf {
 public:
  KeyOf() = default;
  template <class F>
    requires std::invocable<const F&, const T&>
  KeyOf(F key)  // NOLINT(google-explicit-constructor): written as .key = &Trade::symbol
      : hash_([key](const T& value) {
          return detail::hash_key(
              std::remove_cvref_t<decltype(std::invoke(key, value))>(std::invoke(key, value)));
        }) {}

  explicit operator bool() const { return hash_ != nullptr; }
  uint64_t hash(const T& value) const { return hash_(value); }

 private:
  std::function<uint64_t(const T&)> hash_;
};

template <class In>
struct TesterOptions {
  /// Not given: the batches carry no hashes.
  KeyOf<In> key = {};
  TestStore store = TestStore::kMemory;
  uint32_t key_groups = 128;
  /// Processing time at the start.
  Timestamp now{};
};

namespace detail {

using weir::detail::BenchOptions;
using weir::detail::OperatorBench;
using weir::detail::ScriptPlan;
using weir::detail::TestLine;

template <class T>
BatchPtr make_test_batch(const std::vector<Timed<T>>& records, size_t first, size_t count,
                         const KeyOf<T>& key) {
  auto batch = std::make_unique<Batch<T>>();
  for (size_t i = first; i < first + count; ++i) {
    batch->push_back(records[i].value, records[i].time);
    if (key) batch->hashes.push_back(key.hash(records[i].value));
  }
  return batch;
}

template <class T>
std::string line_of(const T& value, Timestamp time) {
  return weir::detail::describe_value(value) + " @" + std::to_string(to_millis(time));
}

template <class T>
void append_lines(const BatchBase& base, std::vector<TestLine>& lines) {
  const auto& batch = static_cast<const Batch<T>&>(base);
  for (size_t i = 0; i < batch.values.size(); ++i)
    lines.push_back({batch.times[i], line_of(batch.values[i], batch.times[i])});
}

template <class In, class... Outs>
BenchOptions bench_options(std::shared_ptr<const OperatorFactory> factory, const TesterOptions<In>& options) {
  return {.factory = std::move(factory),
          .ports = {&append_lines<Outs>...},
          .store = options.store,
          .key_groups = options.key_groups,
          .now = options.now};
}

}  // namespace detail

/// One operator on one worker, with the store under it. Port i of its output holds the i-th of Outs. Not
/// thread-safe. Errors of the operator come out as the exceptions that it throws.
template <class In, class... Outs>
class OperatorTester {
 public:
  explicit OperatorTester(std::shared_ptr<const OperatorFactory> factory, TesterOptions<In> options = {})
      : key_(options.key), bench_(detail::bench_options<In, Outs...>(std::move(factory), options)) {}

  /// A batch of one.
  void push(In value, Timestamp time) { push({{std::move(value), time}}); }
  /// One batch.
  void push(const std::vector<Timed<In>>& records) {
    bench_.push(0, detail::make_test_batch(records, 0, records.size(), key_));
  }
  /// Any batch, for an operator with several inputs.
  void push_batch(int input, BatchPtr batch) { bench_.push(input, std::move(batch)); }
  /// Calls the operator until it is done.
  void watermark(Timestamp watermark) { bench_.watermark(watermark); }
  /// Sets the clock and calls the operator while it has something due.
  void processing_time(Timestamp now) { bench_.processing_time(now); }

  /// What a checkpoint would hold. With kWorkerStore it refers to files that live as long as this tester.
  std::string save() { return bench_.save(); }
  /// Replaces the operator by one that starts from this.
  void restore(std::string_view saved) { bench_.restore(saved); }
  void restart() { bench_.restore(bench_.save()); }
  /// Moves all state out of memory, into the store.
  void evict() { bench_.evict(); }

  /// What has come out of a port since the last take.
  template <size_t port = 0>
  auto take() {
    using Out = std::tuple_element_t<port, std::tuple<Outs...>>;
    std::vector<Timed<Out>> records;
    for (const BatchPtr& base : bench_.take(port)) {
      auto& batch = static_cast<Batch<Out>&>(*base);
      for (size_t i = 0; i < batch.values.size(); ++i)
        records.push_back({std::move(batch.values[i]), batch.times[i]});
    }
    return records;
  }
  /// As text, a line each: records and, as "W(999)" and "P(999)", watermarks and processing time; since the
  /// start.
  std::vector<std::string> transcript(size_t port = 0) const { return bench_.transcript(port); }
  /// Keys in the store after a save; kMemory only.
  size_t state_entries() const { return bench_.state_entries(); }
  /// How often the operator gave the thread back during the last watermark or processing_time.
  int yields() const { return bench_.yields(); }
  /// The operator itself.
  Operator& op() { return bench_.op(); }

 private:
  KeyOf<In> key_;
  detail::OperatorBench bench_;
};

/// Steps, each with what the operator must give for it. Results of a batch must come in the order in which
/// they are expected; results of a watermark or of processing time in the order of their times, equal times
/// in any order.
template <class In, class... Outs>
class Script {
 public:
  Script& record(In value, Timestamp time) { return batch({{std::move(value), time}}); }
  Script& batch(std::vector<Timed<In>> records) {
    plan_.begin_step(detail::ScriptPlan::Kind::kBatch, {}, records.size());
    for (Timed<In>& record : records) records_.push_back(std::move(record));
    return *this;
  }
  Script& watermark(Timestamp time) { return step(detail::ScriptPlan::Kind::kWatermark, time); }
  Script& processing_time(Timestamp now) { return step(detail::ScriptPlan::Kind::kProcessingTime, now); }
  /// Save and restore, in every mode.
  Script& restart() { return step(detail::ScriptPlan::Kind::kRestart, {}); }

  /// The last step gives this on the port.
  template <size_t port = 0>
  Script& expect(std::tuple_element_t<port, std::tuple<Outs...>> value, Timestamp time) {
    plan_.expect(port, {time, detail::line_of(value, time)});
    return *this;
  }

  const detail::ScriptPlan& plan() const { return plan_; }
  const std::vector<Timed<In>>& records() const { return records_; }

 private:
  Script& step(detail::ScriptPlan::Kind kind, Timestamp time) {
    plan_.begin_step(kind, time, 0);
    return *this;
  }

  detail::ScriptPlan plan_{sizeof...(Outs)};
  std::vector<Timed<In>> records_;
};

/// Runs the script as it is, with batches of one, and with adjacent batches joined; each of these also with a
/// restart between any two steps, with a restart at each single gap, and with all state moved out of memory
/// after each step. With .store = TestStore::kWorkerStore all but the single gaps once more on the real
/// store. Empty, or which mode gave something else and what.
template <class In, class... Outs>
std::string run_all_modes(std::shared_ptr<const OperatorFactory> factory, const Script<In, Outs...>& script,
                          TesterOptions<In> options = {}) {
  return weir::detail::run_all_modes(detail::bench_options<In, Outs...>(std::move(factory), options),
                                     script.plan(), [&](size_t first, size_t count) {
                                       return detail::make_test_batch(script.records(), first, count,
                                                                      options.key);
                                     });
}

}  // namespace weir::testing
