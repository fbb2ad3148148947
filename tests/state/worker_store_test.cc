#include "state/worker_store.h"

#include "tests/state/store_driver.h"
#include "tests/support/failing_file_system.h"
#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

using test::put;

WorkerStoreOptions restoring(const std::string& directory, uint64_t attempt, const WorkerSnapshot& snapshot) {
  WorkerStoreOptions options = test::store_options(directory, attempt);
  options.restored = {snapshot};
  return options;
}

TEST_CASE("an epoch without changes writes no file") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto table = test::plain_table<int64_t, int64_t>(*store);
  REQUIRE(test::snapshot(*store, 1).deltas.empty());
  put<int64_t, int64_t>(*table, 1, 1);
  REQUIRE(test::snapshot(*store, 2).deltas.size() == 1);
  test::value_of<int64_t, int64_t>(*table, 1);
  REQUIRE(test::snapshot(*store, 3).deltas.size() == 1);
}

TEST_CASE("file names carry worker, attempt and epoch, and checksums are those of the bytes") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path(), 7));
  auto table = test::plain_table<int64_t, int64_t>(*store);
  WorkerSnapshot last;
  for (uint64_t epoch = 1; epoch <= 8; ++epoch) {
    put<int64_t, int64_t>(*table, 1, static_cast<int64_t>(epoch));
    last = test::snapshot(*store, epoch);
    REQUIRE(last.deltas.back().path == "state/w0/a7-delta-" + std::to_string(epoch) + ".sst");
  }
  REQUIRE(test::advance(*store));
  put<int64_t, int64_t>(*table, 1, 0);
  last = test::snapshot(*store, 9);
  REQUIRE(last.base_directory == "state/w0/a7-base-8");
  REQUIRE(last.deltas.size() == 1);
  REQUIRE(last.states.size() == 1);
  std::vector<StateFile> files = last.base;
  files.insert(files.end(), last.deltas.begin(), last.deltas.end());
  REQUIRE(files.size() >= 5);  // CURRENT, MANIFEST, OPTIONS, a table file; the delta
  for (const StateFile& file : files) {
    INFO(file.path);
    const std::string path = folder.path() + "/" + file.path;
    REQUIRE(*checksum_file(real_file_system(), path) == file.checksum);
    REQUIRE(*real_file_system().size(path) == file.bytes);
  }
  REQUIRE(real_file_system().list(folder.path() + "/" + last.base_directory)->size() == last.base.size());
}

TEST_CASE("a snapshot's files and the folders around them are synced before it is given out") {
  const test::TemporaryDirectory folder;
  test::FailingFileSystem files;
  WorkerStoreOptions options = test::store_options(folder.path());
  options.files = &files;
  auto store = test::open_store(options);
  auto table = test::plain_table<int64_t, int64_t>(*store);
  put<int64_t, int64_t>(*table, 1, 1);
  test::snapshot(*store, 1);
  const std::vector<std::string> journal = files.journal();
  for (const char* synced : {"", "/state", "/state/w0"}) {
    INFO(synced);
    REQUIRE(std::count(journal.begin(), journal.end(), "sync_directory " + folder.path() + synced) == 1);
  }
}

TEST_CASE("operators of one worker meet a barrier at different times and keep to their epoch") {
  const test::TemporaryDirectory folder;
  WorkerSnapshot last;
  {
    auto store = test::open_store(test::store_options(folder.path()));
    auto early = test::plain_table<int64_t, int64_t>(*store, "early");
    auto late = test::plain_table<int64_t, int64_t>(*store, "late");
    put<int64_t, int64_t>(*early, 1, 1);
    store->freeze("early", Epoch{1});
    put<int64_t, int64_t>(*early, 1, 2);  // belongs to epoch 2
    put<int64_t, int64_t>(*late, 1, 1);   // belongs to epoch 1
    store->freeze("late", Epoch{1});
    auto sealed = store->seal(Epoch{1})();
    REQUIRE(sealed.ok());
    last = *sealed;
  }
  auto store = test::open_store(restoring(folder.path(), 2, last));
  auto early = test::plain_table<int64_t, int64_t>(*store, "early");
  auto late = test::plain_table<int64_t, int64_t>(*store, "late");
  REQUIRE(test::value_of<int64_t, int64_t>(*early, 1) == 1);
  REQUIRE(test::value_of<int64_t, int64_t>(*late, 1) == 1);
}

TEST_CASE("the changes of a declined epoch are in the next one") {
  const test::TemporaryDirectory folder;
  WorkerSnapshot first;
  WorkerSnapshot last;
  {
    auto store = test::open_store(test::store_options(folder.path()));
    auto table = test::plain_table<int64_t, int64_t>(*store);
    put<int64_t, int64_t>(*table, 1, 1);
    first = test::snapshot(*store, 1);
    put<int64_t, int64_t>(*table, 2, 2);
    test::snapshot(*store, 2);  // written, never decided
    put<int64_t, int64_t>(*table, 3, 3);
    SnapshotJob never_run = (store->freeze(test::kOperator, Epoch{3}), store->seal(Epoch{3}));
    put<int64_t, int64_t>(*table, 4, 4);
    last = test::snapshot(*store, 4);
    REQUIRE(last.deltas.size() == 4);
  }
  for (const bool old : {true, false}) {
    auto store = test::open_store(restoring(folder.path(), old ? 2 : 3, old ? first : last));
    auto table = test::plain_table<int64_t, int64_t>(*store);
    REQUIRE(test::all_of(*table).size() == (old ? 1 : 4));
  }
}

TEST_CASE("a write that fails at any step loses nothing: the next epoch has it all") {
  for (uint64_t failure = 1; failure < 40; ++failure) {
    const test::TemporaryDirectory folder;
    test::FailingFileSystem files;
    WorkerStoreOptions options = test::store_options(folder.path());
    options.files = &files;
    auto store = test::open_store(options);
    auto table = test::plain_table<int64_t, int64_t>(*store);
    files.fail_at(failure);
    uint64_t epoch = 0;
    size_t failed = 0;
    for (int64_t i = 0; i < 20; ++i) {
      put<int64_t, int64_t>(*table, i, i);
      if (!test::try_snapshot(*store, ++epoch).ok()) ++failed;
      if (auto job = store->advance_base()) {
        const absl::StatusOr<BaseAdvanced> advanced = (*job)();
        if (!advanced.ok()) ++failed;
        store->apply(advanced);
      }
    }
    INFO("failure at operation " << failure);
    const WorkerSnapshot last = test::snapshot(*store, ++epoch);
    table.reset();
    store.reset();
    store = test::open_store(restoring(folder.path(), 2, last));
    table = test::plain_table<int64_t, int64_t>(*store);
    REQUIRE(test::all_of(*table).size() == 20);
    REQUIRE(failed <= 1);
  }
}

TEST_CASE("files that a snapshot listed stay, replaced ones that none listed go") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto table = test::plain_table<int64_t, int64_t>(*store);
  std::vector<WorkerSnapshot> snapshots;
  uint64_t epoch = 0;
  const auto advance_unlisted = [&] {
    for (int i = 0; i < 8; ++i) {
      put<int64_t, int64_t>(*table, 1, static_cast<int64_t>(++epoch));
      snapshots.push_back(test::snapshot(*store, epoch));
    }
    REQUIRE(test::advance(*store));
  };
  advance_unlisted();
  for (const WorkerSnapshot& snapshot : snapshots)
    for (const StateFile& file : snapshot.deltas)
      REQUIRE(real_file_system().size(folder.path() + "/" + file.path).ok());
  // A base per job and nothing else that is new: the folder does not grow with epochs that nobody lists.
  const std::string state = folder.path() + "/state/w0";
  REQUIRE(real_file_system().list(state)->size() == 8 + 1);
}

TEST_CASE("state that nobody claims is named, stays, and goes when that is asked for") {
  const test::TemporaryDirectory folder;
  WorkerSnapshot last;
  {
    auto store = test::open_store(test::store_options(folder.path()));
    auto kept = test::plain_table<int64_t, int64_t>(*store, "kept");
    auto gone = test::plain_table<int64_t, int64_t>(*store, "gone");
    put<int64_t, int64_t>(*kept, 1, 1);
    put<int64_t, int64_t>(*gone, 1, 1);
    store->freeze("kept", Epoch{1});
    last = test::snapshot(*store, 1, "gone");
  }
  for (const bool drop : {false, true}) {
    auto store = test::open_store(restoring(folder.path(), drop ? 3 : 2, last));
    auto kept = test::plain_table<int64_t, int64_t>(*store, "kept");
    REQUIRE(store->unclaimed() == std::vector<std::string>{"gone/values"});
    if (drop) store->drop_unclaimed();
    last = test::snapshot(*store, drop ? 3 : 2, "kept");
    REQUIRE(last.states.size() == (drop ? 1 : 2));
  }
  auto store = test::open_store(restoring(folder.path(), 4, last));
  auto kept = test::plain_table<int64_t, int64_t>(*store, "kept");
  auto gone = test::plain_table<int64_t, int64_t>(*store, "gone");
  REQUIRE(store->unclaimed().empty());
  REQUIRE(test::value_of<int64_t, int64_t>(*kept, 1) == 1);
  REQUIRE(test::all_of(*gone).empty());
}

TEST_CASE("epoch 0 is an epoch") {
  const test::TemporaryDirectory folder;
  auto store = test::open_store(test::store_options(folder.path()));
  auto table = test::plain_table<int64_t, int64_t>(*store);
  put<int64_t, int64_t>(*table, 1, 1);
  const WorkerSnapshot zero = test::snapshot(*store, 0);
  REQUIRE(zero.deltas.size() == 1);
  REQUIRE(table->evict(1 << 20) == 0);  // not in the base
  REQUIRE(test::value_of<int64_t, int64_t>(*table, 1) == 1);
}

TEST_CASE("the number of key groups cannot change") {  // C63
  const test::TemporaryDirectory folder;
  WorkerStoreOptions options = test::store_options(folder.path());
  options.restored = {WorkerSnapshot{}};
  options.restored_key_groups = 512;
  const absl::Status status = WorkerStore::open(options).status();
  REQUIRE(absl::IsInvalidArgument(status));
  REQUIRE(std::string(status.message()).find("512") != std::string::npos);
  REQUIRE(std::string(status.message()).find("1024") != std::string::npos);
}

}  // namespace
}  // namespace weir
