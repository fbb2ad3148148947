// Random operations on every kind of table, on 1 to 3 workers, against ordered maps: freezes, jobs that run
// late or whose result nobody decides on, base advances, eviction at a tiny budget, restores of any decided
// checkpoint with any number of workers.

#include <map>
#include <random>
#include <set>

#include "tests/state/store_driver.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"
#include "weir/detail/keyed_rows.h"
#include "weir/detail/partitioner.h"
#include "weir/detail/timer_table.h"

namespace weir {
namespace {

using Key = uint32_t;
using Table = detail::KeyedTable<Key, std::string>;
using Values = std::map<Key, std::string>;

struct Oracle {
  Values plain;
  std::map<int64_t, Values> slices;
  std::set<std::pair<Timestamp, Key>> timers;
  Values first;
  Values second;
};

uint64_t hash(Key key) { return detail::hash_key(key); }

class Machine {
 public:
  Machine(WorkerStoreOptions options, bool batches)
      : batches_(batches), store_(test::open_store(std::move(options))) {
    detail::StateBackend& backend = this->backend();
    plain_ = test::plain_table<Key, std::string>(*store_);
    slice_state_ = backend.declare({"window", detail::KeyLayout::kSliced, "u32", "string", ""});
    if (backend.may_hold(slice_state_))
      for (const int64_t slice : detail::stored_slices(backend, slice_state_)) open_slice(slice, true);
    timers_ = std::make_unique<detail::TimerTable<Key>>(detail::TimerTable<Key>::Options{
        .backend = &backend, .state = backend.declare({"timers", detail::KeyLayout::kTimer, "u32", "", ""})});
    rows_ = std::make_unique<detail::KeyedRows<Key>>(backend, 1024);
    first_.emplace(rows_->value<std::string>("first"));
    second_.emplace(rows_->value<std::string>("second"));
  }

  void step(std::mt19937_64& random, Oracle& oracle, const std::vector<Key>& keys, const std::string& value) {
    const Key key = keys[random() % keys.size()];
    if (batches_ && random() % 4 == 0) prefetch(keys);
    switch (random() % 5) {
      case 0: change(random, *plain_, oracle.plain, key, value); break;
      case 1:
      case 2: step_slice(random, oracle, key, value); break;
      case 3: step_timers(random, oracle, key); break;
      default: step_rows(random, oracle, key, value);
    }
  }

  /// Everything of this worker's keys is what the oracle says.
  void check(const Oracle& oracle, const std::function<bool(Key)>& mine) {
    check_table(*plain_, oracle.plain, mine);
    for (auto& [slice, values] : oracle.slices) {
      const bool any =
          std::any_of(values.begin(), values.end(), [&](const auto& entry) { return mine(entry.first); });
      if (slices_.count(slice) == 0) {
        REQUIRE(!any);
      } else {
        check_table(*slices_[slice], values, mine);
      }
    }
    for (auto& [slice, table] : slices_)
      if (oracle.slices.count(slice) == 0) REQUIRE(test::all_of(*table).empty());
    size_t expected = 0;
    for (const auto& timer : oracle.timers) expected += mine(timer.second) ? 1 : 0;
    REQUIRE(timers_->size() == expected);
    for (const auto& [time, key] : oracle.timers) {
      if (!mine(key)) continue;
      REQUIRE(timers_->remove(time, key, hash(key)));
      REQUIRE(timers_->add(time, key, hash(key)));
    }
  }
  void check_rows(const Oracle& oracle, const std::vector<Key>& keys) {
    for (const Key key : keys) {
      rows_->set_current(key, hash(key));
      REQUIRE((first_->get() == nullptr ? "" : *first_->get()) == value_in(oracle.first, key));
      REQUIRE((second_->get() == nullptr ? "" : *second_->get()) == value_in(oracle.second, key));
    }
    rows_->clear_current();
  }

  WorkerStore& store() { return *store_; }

 private:
  detail::StateBackend& backend() { return store_->operator_state(test::kOperator); }
  static std::string value_in(const Values& values, Key key) {
    const auto at = values.find(key);
    return at == values.end() ? "" : at->second;
  }

  Table& open_slice(int64_t slice, bool may_hold) {
    std::unique_ptr<Table>& table = slices_[slice];
    if (table == nullptr)
      table = std::make_unique<Table>(Table::Options{.backend = &backend(),
                                                     .state = slice_state_,
                                                     .layout = detail::KeyLayout::kSliced,
                                                     .slice = slice,
                                                     .backend_may_hold = may_hold});
    return *table;
  }

  void prefetch(const std::vector<Key>& keys) {
    std::vector<const Key*> pointers;
    std::vector<uint64_t> hashes;
    for (const Key& key : keys) {
      pointers.push_back(&key);
      hashes.push_back(hash(key));
    }
    plain_->prefetch(pointers, hashes);
    for (auto& [slice, table] : slices_) table->prefetch(pointers, hashes);
    rows_->prefetch(pointers, hashes);
  }

  void change(std::mt19937_64& random, Table& table, Values& oracle, Key key, const std::string& value) {
    switch (random() % 4) {
      case 0:
        table.erase(key, hash(key));
        oracle.erase(key);
        break;
      case 1: REQUIRE(test::value_of(table, key) == value_in(oracle, key)); break;
      default:
        REQUIRE(table.upsert(key, hash(key)) == value_in(oracle, key));
        table.upsert(key, hash(key)) = value;
        oracle[key] = value;
    }
  }

  void step_slice(std::mt19937_64& random, Oracle& oracle, Key key, const std::string& value) {
    const auto slice = static_cast<int64_t>(random() % 4) - 2;
    if (random() % 40 == 0) {
      // The slice of all workers would expire together; here each one's keys go.
      const auto at = slices_.find(slice);
      if (at == slices_.end()) return;
      for (const auto& [gone, unused] : test::all_of(*at->second)) oracle.slices[slice].erase(gone);
      at->second->drop();
      if (random() % 2 == 0) slices_.erase(at);
      return;
    }
    // True is always allowed: it only costs reads.
    change(random, open_slice(slice, random() % 2 == 0), oracle.slices[slice], key, value);
  }

  void step_timers(std::mt19937_64& random, Oracle& oracle, Key key) {
    const Timestamp time = from_millis(static_cast<int64_t>(random() % 20));
    if (random() % 2 == 0) {
      REQUIRE(timers_->add(time, key, hash(key)) == oracle.timers.emplace(time, key).second);
    } else {
      REQUIRE(timers_->remove(time, key, hash(key)) == (oracle.timers.erase({time, key}) > 0));
    }
  }

  void step_rows(std::mt19937_64& random, Oracle& oracle, Key key, const std::string& value) {
    rows_->set_current(key, hash(key));
    for (const bool first : {true, false}) {
      ValueState<std::string>& state = first ? *first_ : *second_;
      Values& values = first ? oracle.first : oracle.second;
      switch (random() % 4) {
        case 0:
          state.clear();
          values.erase(key);
          break;
        case 1: REQUIRE((state.get() == nullptr ? "" : *state.get()) == value_in(values, key)); break;
        case 2:
          REQUIRE(state.get_or_create() == value_in(values, key));
          state.set(value);
          values[key] = value;
          break;
        default: break;
      }
    }
    rows_->clear_current();
  }

  void check_table(Table& table, const Values& values, const std::function<bool(Key)>& mine) {
    std::vector<std::pair<Key, std::string>> expected;
    for (const auto& entry : values)
      if (mine(entry.first)) expected.push_back(entry);
    REQUIRE(test::all_of(table, 3) == expected);
  }

  bool batches_;
  std::unique_ptr<WorkerStore> store_;
  std::unique_ptr<Table> plain_;
  uint16_t slice_state_ = 0;
  std::map<int64_t, std::unique_ptr<Table>> slices_;
  std::unique_ptr<detail::TimerTable<Key>> timers_;
  std::unique_ptr<detail::KeyedRows<Key>> rows_;
  std::optional<ValueState<std::string>> first_;
  std::optional<ValueState<std::string>> second_;
};

struct Decided {
  std::vector<WorkerSnapshot> workers;
  Oracle oracle;
};

class Run {
 public:
  explicit Run(uint64_t seed) : random_(seed) {}

  void attempt(uint64_t number) {
    const int workers = 1 + static_cast<int>(random_() % 3);
    std::vector<WorkerSnapshot> restored;
    Oracle oracle;
    if (!decided_.empty()) {
      // The newest half of the time, as a job does; else any.
      const Decided& from = random_() % 2 == 0 ? decided_.back() : decided_[random_() % decided_.size()];
      restored = from.workers;
      oracle = from.oracle;
    }
    const auto memory = std::make_shared<MemoryBudget>(random_() % 3 == 0 ? 1 << 30 : 1);
    std::vector<std::unique_ptr<Machine>> machines;
    for (int worker = 0; worker < workers; ++worker) {
      WorkerStoreOptions options = test::store_options(folder_.path(), number);
      options.worker = worker;
      options.workers = workers;
      options.restored = restored;
      options.memory = memory;
      machines.push_back(std::make_unique<Machine>(std::move(options), random_() % 2 == 0));
    }
    const auto owner = [workers](Key key) {
      return detail::worker_of_group(static_cast<uint32_t>(hash(key) % 1024), 1024, workers);
    };
    std::vector<std::vector<Key>> keys(workers);
    for (Key key = 0; key < 60; ++key) keys[owner(key)].push_back(key);
    const auto check = [&](int worker) {
      machines[worker]->check(oracle, [&](Key key) { return owner(key) == worker; });
      machines[worker]->check_rows(oracle, keys[worker]);
    };
    for (int worker = 0; worker < workers; ++worker) check(worker);

    std::vector<SnapshotJob> late;
    const uint64_t epochs = 5 + random_() % 30;
    for (uint64_t i = 0; i < epochs; ++i) {
      for (uint64_t change = random_() % 60; change > 0; --change) {
        const int worker = static_cast<int>(random_() % workers);
        machines[worker]->step(random_, oracle, keys[worker], std::to_string(random_()));
        if (random_() % 8 == 0) machines[worker]->store().maintain();
      }
      ++epoch_;
      const bool run_now = random_() % 5 != 0;
      Decided next{{}, oracle};
      for (auto& machine : machines) {
        machine->store().freeze(test::kOperator, Epoch{epoch_});
        SnapshotJob job = machine->store().seal(Epoch{epoch_});
        if (!run_now) {
          late.push_back(std::move(job));
          continue;
        }
        const auto snapshot = job();
        INFO(snapshot.status().ToString());
        REQUIRE(snapshot.ok());
        next.workers.push_back(*snapshot);
      }
      if (run_now && random_() % 5 != 0) decided_.push_back(std::move(next));
      if (!late.empty() && random_() % 4 == 0) {
        late.front()().IgnoreError();  // superseded or not: nobody waits for it
        late.erase(late.begin());
      }
      for (int worker = 0; worker < workers; ++worker) {
        if (random_() % 2 == 0) test::advance(machines[worker]->store());
        machines[worker]->store().maintain();
        if (random_() % 8 == 0) check(worker);
      }
    }
    for (int worker = 0; worker < workers; ++worker) check(worker);
  }

 private:
  test::TemporaryDirectory folder_;
  std::mt19937_64 random_;
  std::vector<Decided> decided_;
  uint64_t epoch_ = 0;
};

TEST_CASE("any sequence of changes, freezes, evictions and restores agrees with plain maps") {
  for (uint64_t round = 0; round < 4; ++round) {
    INFO("seed " << test::seed() << ", round " << round);
    Run run(test::seed() + round);
    for (uint64_t attempt = 1; attempt <= 6; ++attempt) run.attempt(attempt);
  }
}

}  // namespace
}  // namespace weir
