// Jobs on other threads while the worker reads and writes, as in a running job.

#include <map>
#include <mutex>
#include <random>

#include "runtime/base/blocking_pool.h"
#include "tests/state/store_driver.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

/// What came back from the pool.
struct Mailbox {
  std::mutex mutex;
  std::vector<absl::StatusOr<WorkerSnapshot>> snapshots;
  std::vector<absl::StatusOr<BaseAdvanced>> advances;
};

TEST_CASE("snapshots and base advances run beside the worker's reads and writes") {
  std::mt19937_64 random(test::seed());
  const test::TemporaryDirectory folder;
  std::map<int64_t, int64_t> oracle;
  std::map<uint64_t, std::map<int64_t, int64_t>> oracle_at;
  std::map<uint64_t, WorkerSnapshot> snapshot_at;
  Mailbox mailbox;
  {
    WorkerStoreOptions options = test::store_options(folder.path());
    options.memory = std::make_shared<MemoryBudget>(1);
    auto store = test::open_store(options);
    auto table = test::plain_table<int64_t, int64_t>(*store);
    BlockingPool pool(2);
    for (uint64_t epoch = 1; epoch <= 60; ++epoch) {
      for (int i = 0; i < 400; ++i) {
        const auto key = static_cast<int64_t>(random() % 2000);
        const uint64_t hash = detail::hash_key(key);
        const auto at = oracle.find(key);
        const int64_t* found = table->find(key, hash);
        REQUIRE((found == nullptr ? 0 : *found) == (at == oracle.end() ? 0 : at->second));
        if (random() % 4 == 0) {
          table->erase(key, hash);
          oracle.erase(key);
        } else {
          oracle[key] = table->upsert(key, hash) += 1 + static_cast<int64_t>(epoch);
        }
        if (i % 100 == 0) store->maintain();
      }
      if (epoch % 10 == 0) REQUIRE(test::all_of(*table).size() == oracle.size());
      store->freeze(test::kOperator, Epoch{epoch});
      oracle_at[epoch] = oracle;
      pool.post([&mailbox, job = store->seal(Epoch{epoch})]() mutable {
        auto result = job();
        const std::lock_guard lock(mailbox.mutex);
        mailbox.snapshots.push_back(std::move(result));
      });
      if (auto job = store->advance_base()) {
        pool.post([&mailbox, job = *std::move(job)]() mutable {
          auto result = job();
          const std::lock_guard lock(mailbox.mutex);
          mailbox.advances.push_back(std::move(result));
        });
      }
      std::vector<absl::StatusOr<BaseAdvanced>> advances;
      {
        const std::lock_guard lock(mailbox.mutex);
        advances.swap(mailbox.advances);
      }
      for (const auto& advanced : advances) store->apply(advanced);
    }
    pool.join();
  }
  // Jobs of one worker may overtake each other: a result does not say its epoch, its newest file does.
  size_t usable = 0;
  for (const auto& snapshot : mailbox.snapshots) {
    if (!snapshot.ok()) continue;  // superseded by a base of a later epoch
    ++usable;
    std::string newest = snapshot->deltas.empty() ? snapshot->base_directory : snapshot->deltas.back().path;
    if (newest.ends_with(".sst")) newest.resize(newest.size() - 4);
    snapshot_at[std::stoull(newest.substr(newest.rfind('-') + 1))] = *snapshot;
  }
  REQUIRE(usable > 20);
  uint64_t attempt = 1;
  for (const auto& [epoch, snapshot] : snapshot_at) {
    if (epoch % 7 != 0 && epoch != 60) continue;
    WorkerStoreOptions options = test::store_options(folder.path(), ++attempt);
    options.restored = {snapshot};
    auto store = test::open_store(options);
    auto table = test::plain_table<int64_t, int64_t>(*store);
    const auto& expected = oracle_at[epoch];
    REQUIRE(test::all_of(*table) ==
            std::vector<std::pair<int64_t, int64_t>>(expected.begin(), expected.end()));
  }
}

}  // namespace
}  // namespace weir
