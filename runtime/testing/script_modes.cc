// Runs a script in every way that must make no difference.

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "runtime/testing/transcript.h"
#include "weir/detail/operator_bench.h"

namespace weir::detail {
namespace {

using Kind = ScriptPlan::Kind;

/// A step as it is run: a batch may be a part of a script's step, or several.
struct Action {
  Kind kind;
  Timestamp time;
  size_t first = 0;
  size_t count = 0;
};

enum class Batching { kAsGiven, kSingle, kJoined };

struct Mode {
  testing::TestStore store;
  Batching batching;
  bool restart_everywhere = false;
  std::optional<size_t> restart_before;  ///< this action only
  bool evict = false;
};

/// Scripts with more gaps than this get single restarts at so many of them, evenly spread.
constexpr size_t kMaxSingleRestarts = 48;

std::string describe(const Mode& mode) {
  const char* const batching[] = {"batches as given", "batches of one", "adjacent batches joined"};
  std::string text = batching[static_cast<int>(mode.batching)];
  if (mode.store == testing::TestStore::kWorkerStore) absl::StrAppend(&text, ", real store");
  if (mode.restart_everywhere) absl::StrAppend(&text, ", restart between any two steps");
  if (mode.restart_before) absl::StrAppend(&text, ", restart before action ", *mode.restart_before);
  if (mode.evict) absl::StrAppend(&text, ", state out of memory after each step");
  return text;
}

void append_batch(std::vector<Action>& actions, Batching batching, size_t first, size_t count) {
  const size_t limit = batching == Batching::kSingle ? 1 : kMaxBatchSize;
  if (batching == Batching::kJoined && !actions.empty() && actions.back().kind == Kind::kBatch) {
    const size_t joined = std::min(limit - actions.back().count, count);
    actions.back().count += joined;
    first += joined;
    count -= joined;
  }
  for (; count > 0; first += limit, count -= std::min(limit, count))
    actions.push_back({Kind::kBatch, {}, first, std::min(limit, count)});
}

std::vector<Action> actions_of(const ScriptPlan& plan, Batching batching) {
  std::vector<Action> actions;
  size_t first = 0;
  for (const ScriptPlan::Step& step : plan.steps()) {
    if (step.kind != Kind::kBatch) {
      actions.push_back({step.kind, step.time});
      continue;
    }
    append_batch(actions, batching, first, step.records);
    first += step.records;
  }
  return actions;
}

std::vector<std::vector<std::string>> expected_of(const ScriptPlan& plan) {
  std::vector<Transcript> ports(plan.ports());
  for (const ScriptPlan::Step& step : plan.steps()) {
    for (size_t port = 0; port < ports.size(); ++port) {
      if (step.kind == Kind::kWatermark) {
        ports[port].add_fired(step.expected[port], mark_of('W', step.time));
      } else if (step.kind == Kind::kProcessingTime) {
        ports[port].add_fired(step.expected[port], mark_of('P', step.time));
      } else {
        ports[port].add(step.expected[port]);
      }
    }
  }
  std::vector<std::vector<std::string>> lines;
  for (const Transcript& port : ports) lines.push_back(port.lines());
  return lines;
}

class ScriptRunner {
 public:
  ScriptRunner(const BenchOptions& options, const ScriptPlan& plan,
               absl::FunctionRef<BatchPtr(size_t, size_t)> make_batch)
      : options_(options), plan_(plan), make_batch_(make_batch), expected_(expected_of(plan)) {}

  /// Empty, or what was wrong.
  std::string run(const Mode& mode) const {
    const std::vector<Action> actions = actions_of(plan_, mode.batching);
    std::string wrong;
    size_t at = 0;
    try {
      BenchOptions options = options_;
      options.store = mode.store;
      OperatorBench bench(std::move(options));
      for (; at < actions.size(); ++at) {
        if (at > 0 && (mode.restart_everywhere || mode.restart_before == at)) bench.restore(bench.save());
        act(bench, actions[at]);
        if (mode.evict) bench.evict();
      }
      for (size_t port = 0; port < plan_.ports(); ++port) {
        const std::string differs = difference(expected_[port], bench.transcript(port));
        if (!differs.empty()) absl::StrAppend(&wrong, " port ", port, "\n", differs);
      }
    } catch (const std::exception& error) {
      absl::StrAppend(&wrong, "  action ", at, " threw: ", error.what(), "\n");
    }
    return wrong.empty() ? "" : absl::StrCat("with ", describe(mode), ":\n", wrong);
  }

  /// The first mode that goes wrong.
  std::string run_all(testing::TestStore store, bool single_restarts) const {
    for (const Batching batching : {Batching::kAsGiven, Batching::kSingle, Batching::kJoined}) {
      std::vector<Mode> modes = {{.store = store, .batching = batching},
                                 {.store = store, .batching = batching, .restart_everywhere = true},
                                 {.store = store, .batching = batching, .evict = true}};
      const size_t actions = actions_of(plan_, batching).size();
      const size_t stride = actions / kMaxSingleRestarts + 1;
      for (size_t at = 1; single_restarts && at < actions; at += stride)
        modes.push_back({.store = store, .batching = batching, .restart_before = at});
      for (const Mode& mode : modes)
        if (std::string wrong = run(mode); !wrong.empty()) return wrong;
    }
    return {};
  }

 private:
  void act(OperatorBench& bench, const Action& action) const {
    switch (action.kind) {
      case Kind::kBatch: bench.push(0, make_batch_(action.first, action.count)); break;
      case Kind::kWatermark: bench.watermark(action.time); break;
      case Kind::kProcessingTime: bench.processing_time(action.time); break;
      case Kind::kRestart: bench.restore(bench.save()); break;
    }
  }

  const BenchOptions& options_;
  const ScriptPlan& plan_;
  absl::FunctionRef<BatchPtr(size_t, size_t)> make_batch_;
  std::vector<std::vector<std::string>> expected_;
};

}  // namespace

std::string run_all_modes(const BenchOptions& options, const ScriptPlan& plan,
                          absl::FunctionRef<BatchPtr(size_t first, size_t count)> make_batch) {
  const ScriptRunner runner(options, plan, make_batch);
  std::string wrong = runner.run_all(testing::TestStore::kMemory, true);
  // The real store is slow to restart: once at all gaps is enough where the simple one has been through each
  // alone.
  if (wrong.empty() && options.store == testing::TestStore::kWorkerStore)
    wrong = runner.run_all(testing::TestStore::kWorkerStore, false);
  return wrong;
}

}  // namespace weir::detail
