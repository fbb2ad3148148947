#include "weir/detail/timer_table.h"

#include <random>
#include <set>

#include "tests/state/store_driver.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

using Timers = detail::TimerTable<std::string>;
using TimerSet = std::set<std::pair<Timestamp, std::string>>;

uint64_t hash(const std::string& key) { return detail::hash_key(key); }

std::unique_ptr<Timers> open_timers(WorkerStore& store) {
  detail::StateBackend& backend = store.operator_state(test::kOperator);
  const uint16_t state = backend.declare({"timers", detail::KeyLayout::kTimer, "string", "", ""});
  return std::make_unique<Timers>(Timers::Options{.backend = &backend, .state = state});
}
TimerSet drain(Timers& timers) {
  TimerSet all;
  Timestamp last = kMinTimestamp;
  while (auto due = timers.pop_due(kMaxTimestamp)) {
    REQUIRE(due->first >= last);
    last = due->first;
    all.insert(*due);
  }
  return all;
}

TEST_CASE("equal timers are one, removal is exact and idempotent, time orders them") {
  Timers timers({});
  REQUIRE(timers.empty());
  REQUIRE(timers.next() == kMaxTimestamp);
  REQUIRE(timers.add(from_millis(5), "a", hash("a")));
  REQUIRE(!timers.add(from_millis(5), "a", hash("a")));
  REQUIRE(timers.add(from_millis(5), "b", hash("b")));
  REQUIRE(timers.add(from_millis(-3), "a", hash("a")));
  REQUIRE(timers.add(kMaxTimestamp, "z", hash("z")));
  REQUIRE(timers.size() == 4);
  REQUIRE(!timers.remove(from_millis(6), "a", hash("a")));
  REQUIRE(timers.remove(from_millis(5), "a", hash("a")));
  REQUIRE(!timers.remove(from_millis(5), "a", hash("a")));
  REQUIRE(timers.next() == from_millis(-3));
  REQUIRE(timers.pop_due(from_millis(4))->second == "a");
  REQUIRE(!timers.pop_due(from_millis(4)));
  REQUIRE(timers.pop_due(from_millis(5))->second == "b");
  REQUIRE(timers.next() == kMaxTimestamp);
  REQUIRE(!timers.empty());
  REQUIRE(timers.pop_due(kMaxTimestamp)->second == "z");
  REQUIRE(timers.empty());
}

TEST_CASE("keys with one hash are different timers") {
  Timers timers({});
  REQUIRE(timers.add(from_millis(1), "a", 7));
  REQUIRE(timers.add(from_millis(1), "b", 7));
  REQUIRE(timers.remove(from_millis(1), "a", 7));
  REQUIRE(drain(timers) == TimerSet{{from_millis(1), "b"}});
}

TEST_CASE("timers that are added and fire within an epoch never reach a file") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto timers = open_timers(*store);
  for (int i = 0; i < 1000; ++i) timers->add(from_millis(i), "k", hash("k"));
  while (timers->pop_due(kMaxTimestamp)) {
  }
  REQUIRE(test::snapshot(*store, 1).deltas.empty());
}

TEST_CASE("timers come back from any epoch") {
  std::mt19937_64 random(test::seed());
  const test::TemporaryDirectory folder;
  std::vector<std::pair<WorkerSnapshot, TimerSet>> decided;
  TimerSet oracle;
  uint64_t epoch = 0;
  for (uint64_t attempt = 1; attempt <= 6; ++attempt) {
    WorkerStoreOptions options = test::store_options(folder.path(), attempt);
    if (!decided.empty()) {
      const auto& [snapshot, set] = decided[random() % decided.size()];
      options.restored = {snapshot};
      oracle = set;
    }
    auto store = test::open_store(options);
    auto timers = open_timers(*store);
    for (int i = 0; i < 12; ++i) {
      for (int change = 0; change < 40; ++change) {
        const Timestamp time = from_millis(static_cast<int64_t>(random() % 40) - 20);
        const std::string key = std::to_string(random() % 8);
        switch (random() % 3) {
          case 0: REQUIRE(timers->add(time, key, hash(key)) == oracle.emplace(time, key).second); break;
          case 1: REQUIRE(timers->remove(time, key, hash(key)) == (oracle.erase({time, key}) > 0)); break;
          default:
            if (auto due = timers->pop_due(from_millis(-15))) {
              REQUIRE(due->first == oracle.begin()->first);
              REQUIRE(oracle.erase(*due) == 1);
            }
        }
        REQUIRE(timers->size() == oracle.size());
      }
      decided.emplace_back(test::snapshot(*store, ++epoch), oracle);
      test::advance(*store);
    }
    REQUIRE(drain(*timers) == oracle);
  }
}

}  // namespace
}  // namespace weir
