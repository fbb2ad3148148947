#include <numeric>

#include "tests/state/store_driver.h"
#include "tests/support/temporary_directory.h"
#include "weir/detail/partitioner.h"
#include "weir/detail/timer_table.h"

namespace weir {
namespace {

int owner(int64_t key, int workers) {
  return detail::worker_of_group(static_cast<uint32_t>(detail::hash_key(key) % 1024), 1024, workers);
}

/// Tables of each key layout on one worker.
struct Tables {
  detail::StateBackend& backend;
  std::unique_ptr<detail::KeyedTable<int64_t, int64_t>> plain;
  std::vector<std::unique_ptr<detail::KeyedTable<int64_t, int64_t>>> slices;
  std::unique_ptr<detail::TimerTable<int64_t>> timers;

  /// Declared in one order or the other: the numbers differ.
  Tables(WorkerStore& store, bool reversed) : backend(store.operator_state(test::kOperator)) {
    if (reversed) open_timers();
    plain = test::plain_table<int64_t, int64_t>(store);
    const uint16_t state = backend.declare({"window", detail::KeyLayout::kSliced, "i64", "i64", ""});
    for (int64_t slice = -2; slice < 2; ++slice)
      slices.push_back(std::make_unique<detail::KeyedTable<int64_t, int64_t>>(
          detail::KeyedTable<int64_t, int64_t>::Options{.backend = &backend,
                                                        .state = state,
                                                        .layout = detail::KeyLayout::kSliced,
                                                        .slice = slice,
                                                        .backend_may_hold = backend.may_hold(state)}));
    if (!reversed) open_timers();
  }
  void open_timers() {
    const uint16_t state = backend.declare({"timers", detail::KeyLayout::kTimer, "i64", "", ""});
    timers = std::make_unique<detail::TimerTable<int64_t>>(
        detail::TimerTable<int64_t>::Options{.backend = &backend, .state = state});
  }
};

TEST_CASE("state follows its key groups from any number of workers to any other") {
  constexpr int64_t kKeys = 2000;
  const test::TemporaryDirectory folder;
  std::vector<WorkerSnapshot> last;
  uint64_t epoch = 0;
  uint64_t attempt = 0;
  for (const int workers : {2, 3, 1, 3, 2, 2, 5}) {
    ++attempt;
    std::vector<WorkerSnapshot> next;
    for (int worker = 0; worker < workers; ++worker) {
      WorkerStoreOptions options = test::store_options(folder.path(), attempt);
      options.worker = worker;
      options.workers = workers;
      options.restored = last;
      auto store = test::open_store(options);
      Tables tables(*store, (static_cast<int>(attempt) + worker) % 2 == 0);
      size_t mine = 0;
      for (int64_t key = 0; key < kKeys; ++key) {
        if (owner(key, workers) != worker) continue;
        ++mine;
        const uint64_t hash = detail::hash_key(key);
        INFO("key " << key << ", " << workers << " workers");
        if (!last.empty()) {
          REQUIRE(test::value_of(*tables.plain, key) == static_cast<int64_t>(attempt) * 10 + key);
          for (size_t i = 0; i < tables.slices.size(); ++i)
            REQUIRE(test::value_of(*tables.slices[i], key) == static_cast<int64_t>(attempt + i));
          REQUIRE(tables.timers->remove(from_millis(key * static_cast<int64_t>(attempt)), key, hash));
        }
        const auto following = static_cast<int64_t>(attempt) + 1;
        test::put(*tables.plain, key, following * 10 + key);
        for (size_t i = 0; i < tables.slices.size(); ++i)
          test::put(*tables.slices[i], key, following + static_cast<int64_t>(i));
        tables.timers->add(from_millis(key * following), key, hash);
      }
      REQUIRE(tables.timers->size() == mine);
      REQUIRE(test::all_of(*tables.plain).size() == mine);
      for (auto& slice : tables.slices) REQUIRE(test::all_of(*slice).size() == mine);
      next.push_back(test::snapshot(*store, ++epoch));
      REQUIRE(next.back().states.size() == 3);
    }
    last = next;
  }
  // Folders of workers that no longer are.
  REQUIRE(real_file_system().list(folder.path() + "/work")->size() == 5);
}

TEST_CASE("a worker opens only the snapshots that had some of its key groups") {
  const test::TemporaryDirectory folder;
  std::vector<WorkerSnapshot> last;
  for (int worker = 0; worker < 4; ++worker) {
    WorkerStoreOptions options = test::store_options(folder.path());
    options.worker = worker;
    options.workers = 4;
    auto store = test::open_store(options);
    auto table = test::plain_table<int64_t, int64_t>(*store);
    for (int64_t key = 0; key < 100; ++key)
      if (owner(key, 4) == worker) test::put<int64_t, int64_t>(*table, key, 1);
    last.push_back(test::snapshot(*store, 1));
  }
  // Worker 0 of 2 needs 0 and 1 of 4, not 3.
  REQUIRE(real_file_system().remove(folder.path() + "/" + last[3].deltas[0].path).ok());
  WorkerStoreOptions options = test::store_options(folder.path(), 2);
  options.workers = 2;
  options.restored = last;
  test::open_store(options);
  options.worker = 1;
  REQUIRE(absl::IsDataLoss(WorkerStore::open(options).status()));
}

}  // namespace
}  // namespace weir
