// The pause of a barrier: taking 100,000 changed entries out of a table of 1,000,000. Counter pause_ms: the
// median.

#include <benchmark/benchmark.h>

#include <random>

#include "bench/micro/bench_folder.h"
#include "bench/micro/interleaved.h"
#include "state/worker_store.h"
#include "weir/detail/keyed_rows.h"
#include "weir/detail/keyed_table.h"
#include "weir/detail/timer_table.h"

namespace weir {
namespace {

constexpr uint64_t kKeys = 1'000'000;
constexpr uint64_t kDirty = 100'000;
constexpr int kRounds = 11;

/// `change` makes one more change; a freeze follows every kDirty of them.
template <class Change>
void measure(benchmark::State& state, WorkerStore& store, Change change) {
  std::vector<double> pauses;
  std::vector<double> work;
  uint64_t epoch = 0;
  for (auto _ : state) {
    for (int round = 0; round < kRounds; ++round) {
      for (uint64_t i = 0; i < kDirty; ++i) change();
      pauses.push_back(bench::seconds(
          [&] { work.push_back(bench::thread_seconds([&] { store.freeze("operator", Epoch{++epoch}); })); }));
      if (!store.seal(Epoch{epoch})().ok()) std::abort();
    }
    state.SetIterationTime(bench::median(pauses));
  }
  state.counters["pause_ms"] = bench::median(pauses) * 1e3;
  state.counters["thread_ms"] = bench::median(work) * 1e3;
  state.counters["worst_ms"] = *std::max_element(pauses.begin(), pauses.end()) * 1e3;
}

std::unique_ptr<WorkerStore> open_store(const bench::BenchFolder& folder) {
  auto store = WorkerStore::open({.checkpoint_directory = folder.path()});
  if (!store.ok()) std::abort();
  return *std::move(store);
}

template <class K>
K key_of(uint64_t number) {
  if constexpr (std::is_same_v<K, std::string>) {
    return "symbol-of-a-stock-" + std::to_string(number);
  } else {
    return number;
  }
}

template <class K>
void freeze_table(benchmark::State& state) {
  const bench::BenchFolder folder;
  const auto store = open_store(folder);
  detail::StateBackend& backend = store->operator_state("operator");
  detail::KeyedTable<K, std::pair<double, double>> table(
      {.backend = &backend, .state = backend.declare({"values", detail::KeyLayout::kPlain, "k", "v", ""})});
  const auto change = [&](uint64_t number) {
    const K key = key_of<K>(number);
    table.upsert(key, detail::hash_key(key)).first += 1;
  };
  for (uint64_t i = 0; i < kKeys; ++i) change(i);
  store->freeze("operator", Epoch{0});
  std::mt19937_64 random(1);
  measure(state, *store, [&] { change(random() % kKeys); });
}

void freeze_rows(benchmark::State& state) {
  const bench::BenchFolder folder;
  const auto store = open_store(folder);
  detail::KeyedRows<uint64_t> rows(store->operator_state("operator"), 1024);
  auto value = rows.value<double>("value");
  const auto change = [&](uint64_t number) {
    rows.set_current(number, detail::hash_key(number));
    value.get_or_create() += 1;
  };
  for (uint64_t i = 0; i < kKeys; ++i) change(i);
  store->freeze("operator", Epoch{0});
  std::mt19937_64 random(1);
  measure(state, *store, [&] { change(random() % kKeys); });
}

void freeze_timers(benchmark::State& state) {
  const bench::BenchFolder folder;
  const auto store = open_store(folder);
  detail::StateBackend& backend = store->operator_state("operator");
  detail::TimerTable<uint64_t> timers(
      {.backend = &backend, .state = backend.declare({"timers", detail::KeyLayout::kTimer, "u64", "", ""})});
  std::mt19937_64 random(1);
  measure(state, *store, [&] {
    const uint64_t key = random() % kKeys;
    timers.add(from_millis(static_cast<int64_t>(random() % 1'000'000)), key, detail::hash_key(key));
  });
}

BENCHMARK_TEMPLATE(freeze_table, uint64_t)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(freeze_table, std::string)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(freeze_rows)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(freeze_timers)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir
