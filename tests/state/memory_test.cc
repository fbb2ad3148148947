#include "tests/state/store_driver.h"
#include "tests/support/temporary_directory.h"
#include "weir/detail/timer_table.h"

namespace weir {
namespace {

TEST_CASE("over budget clean entries go, and a checkpoint is asked for when none is clean") {
  const test::TemporaryDirectory folder;
  WorkerStoreOptions options = test::store_options(folder.path());
  options.memory = std::make_shared<MemoryBudget>(4 << 20);
  auto store = test::open_store(options);
  auto table = test::plain_table<int64_t, int64_t>(*store);
  constexpr int64_t kKeys = 300'000;  // more than 4 MiB
  uint64_t epoch = 0;
  uint64_t most = 0;
  int checkpoints = 0;
  for (int round = 0; round < 2; ++round) {
    for (int64_t key = 0; key < kKeys; ++key) {
      test::put<int64_t, int64_t>(*table, key, key + round);
      if (key % 1000 != 0) continue;
      store->maintain();
      most = std::max(most, store->memory_bytes());
      if (!store->wants_checkpoint()) continue;
      ++checkpoints;
      test::snapshot(*store, ++epoch);
      REQUIRE(test::advance(*store));
      REQUIRE(!store->over_budget());
    }
  }
  REQUIRE(checkpoints > 2);
  REQUIRE(most < (4 << 20) * 5 / 4);
  for (int64_t key = 0; key < kKeys; key += 17)
    REQUIRE(test::value_of<int64_t, int64_t>(*table, key) == key + 1);
}

TEST_CASE("sources rest while a checkpoint can help, of whichever worker") {
  const test::TemporaryDirectory folder;
  const auto memory = std::make_shared<MemoryBudget>(1 << 20);
  WorkerStoreOptions options = test::store_options(folder.path());
  options.memory = memory;
  options.workers = 2;
  auto store = test::open_store(options);
  options.worker = 1;
  auto other = test::open_store(options);
  auto table = test::plain_table<int64_t, int64_t>(*store);
  for (int64_t key = 0; key < 100'000; ++key) test::put<int64_t, int64_t>(*table, key, key);
  for (int i = 0; i < 20; ++i) store->maintain();
  REQUIRE(store->wants_checkpoint());
  REQUIRE(store->over_budget());
  REQUIRE(other->over_budget());
  REQUIRE(!other->wants_checkpoint());
  test::snapshot(*store, 1);
  REQUIRE(test::advance(*store));
  REQUIRE(!other->over_budget());
  for (int i = 0; i < 20; ++i) store->maintain();
  REQUIRE(memory->used() < memory->limit());
}

TEST_CASE("state that cannot shrink does not ask for checkpoints without end") {
  const test::TemporaryDirectory folder;
  WorkerStoreOptions options = test::store_options(folder.path());
  options.memory = std::make_shared<MemoryBudget>(1 << 20);
  auto store = test::open_store(options);
  detail::StateBackend& backend = store->operator_state(test::kOperator);
  const uint16_t state = backend.declare({"timers", detail::KeyLayout::kTimer, "i64", "", ""});
  detail::TimerTable<int64_t> timers({.backend = &backend, .state = state});
  for (int64_t key = 0; key < 50'000; ++key) timers.add(from_millis(key), key, detail::hash_key(key));
  int checkpoints = 0;
  uint64_t epoch = 0;
  for (int i = 0; i < 1000; ++i) {
    store->maintain();
    if (!store->wants_checkpoint()) continue;
    ++checkpoints;
    timers.add(from_millis(i), 1'000'000 + i, detail::hash_key(int64_t{1'000'000} + i));
    test::snapshot(*store, ++epoch);
    REQUIRE(test::advance(*store));
  }
  REQUIRE(checkpoints == 1);
  REQUIRE(!store->over_budget());
}

TEST_CASE("sources do not wait for a checkpoint that has nothing to write") {
  const test::TemporaryDirectory folder;
  WorkerStoreOptions options = test::store_options(folder.path());
  {
    auto store = test::open_store(options);
    auto table = test::plain_table<int64_t, int64_t>(*store);
    options.attempt = 2;
    test::put<int64_t, int64_t>(*table, 1, 1);
    options.restored = {test::snapshot(*store, 1)};
  }
  // All of the budget is another's.
  options.memory = std::make_shared<MemoryBudget>(1 << 20);
  options.memory->change(0, 2 << 20);
  auto store = test::open_store(options);
  auto table = test::plain_table<int64_t, int64_t>(*store);
  REQUIRE(test::value_of<int64_t, int64_t>(*table, 1) == 1);
  typename detail::KeyedTable<int64_t, int64_t>::Cursor cursor;  // keeps the entry in memory
  test::put<int64_t, int64_t>(*table, 2, 2);
  table->visit(cursor, 1, [](int64_t, uint64_t, int64_t&) {});
  test::snapshot(*store, 2);
  for (int i = 0; i < 20; ++i) store->maintain();
  REQUIRE(store->over_budget());
  REQUIRE(test::advance(*store));
  for (int i = 0; i < 20; ++i) store->maintain();
  REQUIRE(!store->over_budget());
  options.memory->change(2 << 20, 1 << 19);
  store->maintain();
  options.memory->change(1 << 19, 2 << 20);
  for (int i = 0; i < 20; ++i) store->maintain();
  REQUIRE(store->over_budget());
  test::snapshot(*store, 3);
  REQUIRE(!test::advance(*store));
  REQUIRE(!store->over_budget());
}

TEST_CASE("a store that closes gives its memory back to the budget") {
  const test::TemporaryDirectory folder;
  const auto memory = std::make_shared<MemoryBudget>(1 << 20);
  {
    WorkerStoreOptions options = test::store_options(folder.path());
    options.memory = memory;
    auto store = test::open_store(options);
    auto table = test::plain_table<int64_t, int64_t>(*store);
    for (int64_t key = 0; key < 100'000; ++key) test::put<int64_t, int64_t>(*table, key, key);
    for (int i = 0; i < 20; ++i) store->maintain();
    REQUIRE(memory->hold_back());
  }
  REQUIRE(memory->used() == 0);
  REQUIRE(!memory->hold_back());
}

}  // namespace
}  // namespace weir
