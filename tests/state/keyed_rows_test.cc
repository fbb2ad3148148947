#include "weir/detail/keyed_rows.h"

#include <optional>

#include "tests/state/store_driver.h"
#include "tests/support/temporary_directory.h"
#include "weir/operator.h"

namespace weir {
namespace {

/// A process function's state and the keys around it.
struct Function {
  detail::KeyedRows<std::string> rows;
  ValueState<int64_t> count;
  ValueState<std::string> text;

  explicit Function(WorkerStore& store)
      : rows(store.operator_state(test::kOperator), 1024),
        count(rows.value<int64_t>("count")),
        text(rows.value<std::string>("text")) {}

  template <class F>
  auto with(const std::string& key, F&& f) {
    rows.set_current(key, detail::hash_key(key));
    struct Clear {
      detail::KeyedRows<std::string>& rows;
      ~Clear() { rows.clear_current(); }
    } clear{rows};
    return f();
  }
  std::optional<int64_t> count_of(const std::string& key) {
    return with(key, [&] { return count.has() ? std::optional(*count.get()) : std::nullopt; });
  }
  std::optional<std::string> text_of(const std::string& key) {
    return with(key, [&] { return text.has() ? std::optional(*text.get()) : std::nullopt; });
  }
};

TEST_CASE("a handle refers to the current key and to nothing outside of a callback") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  Function function(*store);
  function.with("a", [&] { ++function.count.get_or_create(); });
  function.with("b", [&] {
    REQUIRE(!function.count.has());
    function.text.set("hello");
  });
  function.with("a", [&] { ++function.count.get_or_create(); });
  REQUIRE(function.count_of("a") == 2);
  REQUIRE(!function.count_of("b"));
  REQUIRE(function.text_of("b") == "hello");
  function.with("a", [&] { function.count.clear(); });
  REQUIRE(!function.count_of("a"));
  REQUIRE_THROWS(function.count.get());
}

TEST_CASE("values come back after eviction and after a restore, cleared ones do not") {
  const test::TemporaryDirectory folder;
  WorkerSnapshot last;
  constexpr int kKeys = 3000;
  {
    auto memory = std::make_shared<MemoryBudget>(1);  // nothing that can go stays
    WorkerStoreOptions options = test::store_options(folder.path());
    options.memory = memory;
    auto store = test::open_store(options);
    Function function(*store);
    for (uint64_t epoch = 1; epoch <= 30; ++epoch) {
      for (int i = 0; i < kKeys; i += 1 + static_cast<int>(epoch % 3)) {
        const std::string key = std::to_string(i);
        function.with(key, [&] {
          if (epoch == 1 || i % 5 != 0) ++function.count.get_or_create();
          if (i % 7 == 0 && epoch == 20) function.text.set("text" + key);
        });
      }
      if (epoch == 25)
        for (int i = 0; i < kKeys; i += 5) function.with(std::to_string(i), [&] { function.count.clear(); });
      last = test::snapshot(*store, epoch);
      for (int i = 0; i < 20; ++i) store->maintain();
      test::advance(*store);
      for (int i = 0; i < 100; ++i) store->maintain();
    }
    REQUIRE(function.rows.rows_in_memory() < kKeys);
  }
  WorkerStoreOptions options = test::store_options(folder.path(), 2);
  options.restored = {last};
  auto store = test::open_store(options);
  Function function(*store);
  std::vector<std::string> keys;
  std::vector<const std::string*> pointers;
  std::vector<uint64_t> hashes;
  for (int i = 0; i < kKeys; ++i) keys.push_back(std::to_string(i));
  for (const std::string& key : keys) {
    pointers.push_back(&key);
    hashes.push_back(detail::hash_key(key));
  }
  for (int i = 0; i < kKeys; i += 1000)
    function.rows.prefetch(absl::MakeConstSpan(pointers).subspan(i, 1000),
                           absl::MakeConstSpan(hashes).subspan(i, 1000));
  for (int i = 0; i < kKeys; ++i) {
    std::optional<int64_t> expected;
    for (int epoch = 1; epoch <= 30; ++epoch) {
      const bool visited = i % (1 + epoch % 3) == 0;
      if (visited && (epoch == 1 || i % 5 != 0)) expected = expected.value_or(0) + 1;
      if (epoch == 25 && i % 5 == 0) expected.reset();
    }
    INFO("key " << i);
    REQUIRE(function.count_of(keys[i]) == expected);
    const bool has_text = i % 7 == 0 && i % 3 == 0;
    REQUIRE(function.text_of(keys[i]) == (has_text ? std::optional("text" + keys[i]) : std::nullopt));
  }
}

TEST_CASE("keys without state do not stay in memory") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  Function function(*store);
  for (int batch = 0; batch < 100; ++batch) {
    std::vector<std::string> keys;
    std::vector<const std::string*> pointers;
    std::vector<uint64_t> hashes;
    for (int i = 0; i < 100; ++i) keys.push_back(std::to_string(batch * 100 + i));
    for (const std::string& key : keys) {
      pointers.push_back(&key);
      hashes.push_back(detail::hash_key(key));
    }
    function.rows.prefetch(pointers, hashes);
    for (size_t i = 0; i < keys.size(); ++i) {
      function.rows.set_current_at(i);
      REQUIRE(function.rows.key() == keys[i]);
      REQUIRE(!function.count.has());
    }
    function.rows.clear_current();
  }
  REQUIRE(function.rows.rows_in_memory() < 1000);
}

TEST_CASE("a state whose type changed is refused with operator, state and both types") {
  const test::TemporaryDirectory folder;
  WorkerSnapshot last;
  {
    auto store = test::open_store(test::store_options(folder.path()));
    Function function(*store);
    function.with("a", [&] { function.count.set(1); });
    last = test::snapshot(*store, 1);
  }
  WorkerStoreOptions options = test::store_options(folder.path(), 2);
  options.restored = {last};
  auto store = test::open_store(options);
  detail::KeyedRows<std::string> rows(store->operator_state(test::kOperator), 1024);
  try {
    rows.value<double>("count");
    REQUIRE(false);
  } catch (const OperatorError& error) {
    const std::string message = error.what();
    INFO(message);
    for (const char* part : {"counts", "count", "i64", "f64"})
      REQUIRE(message.find(part) != std::string::npos);
  }
}

TEST_CASE("a state may be renamed") {
  const test::TemporaryDirectory folder;
  WorkerSnapshot last;
  {
    auto store = test::open_store(test::store_options(folder.path()));
    Function function(*store);
    function.with("a", [&] { function.count.set(7); });
    last = test::snapshot(*store, 1);
  }
  WorkerStoreOptions options = test::store_options(folder.path(), 2);
  options.restored = {last};
  auto store = test::open_store(options);
  detail::KeyedRows<std::string> rows(store->operator_state("tally", test::kOperator), 1024);
  const auto total = rows.value<int64_t>({"total", {.previously = "count"}});
  rows.set_current("a", detail::hash_key(std::string("a")));
  REQUIRE(*total.get() == 7);
  REQUIRE(store->unclaimed() == std::vector<std::string>{"counts/text"});
}

}  // namespace
}  // namespace weir
