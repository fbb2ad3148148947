#include "weir/detail/keyed_table.h"

#include "tests/state/store_driver.h"
#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

using Table = detail::KeyedTable<std::string, std::string>;
using Entries = std::vector<std::pair<std::string, std::string>>;

/// Two epochs into the base and everything out of memory: what is read next comes from RocksDB.
void spill(WorkerStore& store, Table& table, uint64_t& epoch) {
  for (int i = 0; i < 9; ++i) {
    test::put(table, std::string("filler"), std::to_string(epoch));
    test::snapshot(store, ++epoch);
  }
  REQUIRE(test::advance(store));
  table.evict(UINT64_MAX);
  REQUIRE(table.size_in_memory() == 0);
}

TEST_CASE("what left memory is found again, and what never was there is not") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto table = test::plain_table<std::string, std::string>(*store);
  uint64_t epoch = 0;
  test::put(*table, std::string("a"), std::string("1"));
  test::put(*table, std::string("b"), std::string("2"));
  REQUIRE(table->complete());
  spill(*store, *table, epoch);
  REQUIRE(!table->complete());
  REQUIRE(test::value_of(*table, std::string("a")) == "1");
  REQUIRE(table->find("c", detail::hash_key(std::string("c"))) == nullptr);
  test::put(*table, std::string("b"), std::string("3"));
  spill(*store, *table, epoch);
  REQUIRE(test::value_of(*table, std::string("b")) == "3");
}

TEST_CASE("a batch of misses is one read") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto table = test::plain_table<std::string, std::string>(*store);
  uint64_t epoch = 0;
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back("key" + std::to_string(i));
  for (const std::string& key : keys) test::put(*table, key, key + "!");
  spill(*store, *table, epoch);
  keys.push_back("absent");
  keys.push_back("key7");  // twice in the batch
  std::vector<const std::string*> pointers;
  std::vector<uint64_t> hashes;
  for (const std::string& key : keys) {
    pointers.push_back(&key);
    hashes.push_back(detail::hash_key(key));
  }
  table->prefetch(pointers, hashes);
  REQUIRE(table->size_in_memory() == 100);
  REQUIRE(test::value_of(*table, std::string("key7")) == "key7!");
  REQUIRE(test::value_of(*table, std::string("absent")).empty());
}

TEST_CASE("a deletion outlives eviction, base and restore") {
  const test::TemporaryDirectory folder;
  WorkerSnapshot last;
  {
    auto store = test::open_store(test::store_options(folder.path()));
    auto table = test::plain_table<std::string, std::string>(*store);
    uint64_t epoch = 0;
    test::put(*table, std::string("a"), std::string("1"));
    spill(*store, *table, epoch);
    table->erase("a", detail::hash_key(std::string("a")));
    REQUIRE(test::value_of(*table, std::string("a")).empty());
    last = test::snapshot(*store, ++epoch);
    // Frozen, put again and taken away again before the base has the deletion.
    test::put(*table, std::string("a"), std::string("2"));
    table->erase("a", detail::hash_key(std::string("a")));
    table->evict(UINT64_MAX);
    REQUIRE(test::value_of(*table, std::string("a")).empty());
    spill(*store, *table, epoch);
    REQUIRE(test::value_of(*table, std::string("a")).empty());
  }
  WorkerStoreOptions options = test::store_options(folder.path(), 2);
  options.restored = {last};
  auto store = test::open_store(options);
  auto table = test::plain_table<std::string, std::string>(*store);
  REQUIRE(test::value_of(*table, std::string("a")).empty());
  REQUIRE(test::all_of(*table).size() == 1);  // the filler
}

TEST_CASE("entries that come and go within an epoch never reach a file") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto table = test::plain_table<std::string, std::string>(*store);
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = std::to_string(i);
    test::put(*table, key, key);
    table->erase(key, detail::hash_key(key));
  }
  REQUIRE(table->memory_bytes() < 10'000);
  REQUIRE(test::snapshot(*store, 1).deltas.empty());
}

TEST_CASE("keys that are cleared for good leave memory once the base has it") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto table = test::plain_table<std::string, std::string>(*store);
  uint64_t most = 0;
  for (uint64_t epoch = 1; epoch <= 200; ++epoch) {
    for (uint64_t i = 0; i < 100; ++i) {
      const std::string key = std::to_string(epoch * 100 + i);
      test::put(*table, key, key);
    }
    test::snapshot(*store, epoch);
    for (uint64_t i = 0; i < 100; ++i) {
      const std::string key = std::to_string(epoch * 100 + i);
      table->erase(key, detail::hash_key(key));
    }
    test::advance(*store);
    most = std::max(most, table->memory_bytes());
  }
  REQUIRE(table->complete());
  REQUIRE(most < 1'000'000);  // 20,000 keys would take more
}

TEST_CASE("a visit sees memory and store, each value once, whatever the step") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto table = test::plain_table<std::string, std::string>(*store);
  uint64_t epoch = 0;
  Entries expected;
  for (int i = 0; i < 50; ++i) {
    const std::string key = "key" + std::to_string(i);
    test::put(*table, key, std::string("old"));
    expected.emplace_back(key, "old");
  }
  spill(*store, *table, epoch);
  expected.emplace_back("filler", test::value_of(*table, std::string("filler")));
  for (int i = 0; i < 50; i += 3) {
    test::put(*table, "key" + std::to_string(i), std::string("new"));
    expected[i].second = "new";
  }
  table->erase("key1", detail::hash_key(std::string("key1")));
  expected.erase(expected.begin() + 1);
  std::sort(expected.begin(), expected.end());
  for (const size_t step : {1, 2, 7, 1000}) REQUIRE(test::all_of(*table, step) == expected);
}

TEST_CASE("a visit survives that the table grows, freezes and loads between its steps") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto table = test::plain_table<std::string, std::string>(*store);
  uint64_t epoch = 0;
  for (int i = 0; i < 300; ++i) test::put(*table, "key" + std::to_string(i), std::string("x"));
  spill(*store, *table, epoch);
  for (int i = 0; i < 150; ++i) test::put(*table, "key" + std::to_string(i), std::string("x"));
  for (int round = 0; round < 2; ++round) {
    std::map<std::string, int> times;
    Table::Cursor cursor;
    int step = 0;
    while (!table->visit(cursor, 5, [&](const std::string& key, uint64_t, std::string&) {
      ++times[key];
      const std::string other = "key" + std::to_string((times.size() * 37) % 300);
      test::put(*table, other, std::string("x"));
    })) {
      REQUIRE(table->evict(1 << 20) == 0);
      test::put(*table, "new" + std::to_string(step), std::string("n"));
      test::value_of(*table, "key" + std::to_string((step * 7) % 300));
      if (++step % 3 == 0) test::snapshot(*store, ++epoch);
    }
    for (int i = 0; i < 300; ++i) REQUIRE(times["key" + std::to_string(i)] == 1);
  }
}

TEST_CASE("a visit that is given up half-way does not disturb the next one") {
  Table table({});
  for (int i = 0; i < 100; ++i) test::put(table, std::to_string(i), std::string("x"));
  Table::Cursor cursor;
  REQUIRE(!table.visit(cursor, 10, [](const std::string&, uint64_t, std::string&) {}));
  table.close(cursor);
  REQUIRE(test::all_of(table).size() == 100);
}

TEST_CASE("a scratch table is memory only") {
  Table table({});
  test::put(table, std::string("a"), std::string("1"));
  REQUIRE(test::value_of(table, std::string("a")) == "1");
  table.erase("a", detail::hash_key(std::string("a")));
  REQUIRE(table.empty_in_memory());
  test::put(table, std::string("b"), std::string("1"));
  table.drop();
  REQUIRE(test::all_of(table).empty());
}

/// The table of one slice; several objects may follow each other.
struct Slices {
  detail::StateBackend& backend;
  uint16_t state;

  explicit Slices(WorkerStore& store)
      : backend(store.operator_state(test::kOperator)),
        state(backend.declare({"window", detail::KeyLayout::kSliced, "string", "string", ""})) {}
  std::unique_ptr<Table> open(int64_t slice, bool may_hold) {
    return std::make_unique<Table>(Table::Options{.backend = &backend,
                                                  .state = state,
                                                  .layout = detail::KeyLayout::kSliced,
                                                  .slice = slice,
                                                  .backend_may_hold = may_hold});
  }
};

TEST_CASE("a slice that was dropped and is opened again does not see what it was") {
  for (const bool may_hold : {false, true}) {
    for (int freezes_between = 0; freezes_between < 3; ++freezes_between) {
      const test::TemporaryDirectory folder;
      auto store = test::open_store(test::store_options(folder.path()));
      Slices slices(*store);
      uint64_t epoch = 0;
      auto other = slices.open(-20, false);
      test::put(*other, std::string("stays"), std::string("1"));
      auto slice = slices.open(-10, false);
      test::put(*slice, std::string("a"), std::string("old"));
      test::put(*slice, std::string("b"), std::string("old"));
      auto filler = test::plain_table<std::string, std::string>(*store);
      spill(*store, *filler, epoch);  // the base has the slice
      slice->drop();
      slice.reset();
      for (int i = 0; i < freezes_between; ++i) test::snapshot(*store, ++epoch);
      slice = slices.open(-10, may_hold);
      REQUIRE(test::value_of(*slice, std::string("a")).empty());
      REQUIRE(test::all_of(*slice).empty());
      REQUIRE(detail::stored_slices(slices.backend, slices.state) == std::vector<int64_t>{-20});
      test::put(*slice, std::string("b"), std::string("new"));
      const WorkerSnapshot before = test::snapshot(*store, ++epoch);
      spill(*store, *filler, epoch);
      slice->evict(UINT64_MAX);
      REQUIRE(test::all_of(*slice) == Entries{{"b", "new"}});
      REQUIRE(test::value_of(*slice, std::string("a")).empty());
      REQUIRE(test::all_of(*other) == Entries{{"stays", "1"}});
      slice.reset();
      other.reset();
      filler.reset();
      store.reset();

      WorkerStoreOptions options = test::store_options(folder.path(), 2);
      options.restored = {before};
      store = test::open_store(options);
      Slices restored(*store);
      REQUIRE(detail::stored_slices(restored.backend, restored.state) == std::vector<int64_t>{-20, -10});
      REQUIRE(test::all_of(*restored.open(-10, true)) == Entries{{"b", "new"}});
    }
  }
}

TEST_CASE("a slice that opens and closes within an epoch leaves nothing behind") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  Slices slices(*store);
  auto slice = slices.open(5, false);
  test::put(*slice, std::string("a"), std::string("1"));
  slice->drop();
  slice.reset();
  REQUIRE(test::snapshot(*store, 1).deltas.empty());
}

}  // namespace
}  // namespace weir
