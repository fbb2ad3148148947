#include "state/delta_file.h"

#include <rocksdb/db.h>

#include <map>
#include <random>

#include "runtime/base/file_system.h"
#include "state/ingest.h"
#include "state/rocksdb_options.h"
#include "tests/support/catch.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

using State = std::map<std::string, std::string>;

void put(detail::FrozenEntries& frozen, const std::string& key, const std::string& value) {
  frozen.begin();
  frozen.buffer() += key;
  frozen.key_done();
  frozen.buffer() += value;
  frozen.put_done();
}
void remove(detail::FrozenEntries& frozen, const std::string& key) {
  frozen.begin();
  frozen.buffer() += key;
  frozen.key_done();
  frozen.delete_done();
}

std::unique_ptr<rocksdb::DB> open(const std::string& path) {
  rocksdb::DB* database = nullptr;
  REQUIRE(rocksdb::DB::Open(database_options(nullptr), path, &database).ok());
  return std::unique_ptr<rocksdb::DB>(database);
}
State content(rocksdb::DB& database) {
  State state;
  const std::unique_ptr<rocksdb::Iterator> at(database.NewIterator({}));
  for (at->SeekToFirst(); at->Valid(); at->Next()) state[at->key().ToString()] = at->value().ToString();
  REQUIRE(at->status().ok());
  return state;
}

/// Some puts, deletions and range deletions; applies them to `state` as the epoch means them.
detail::FrozenEntries random_epoch(std::mt19937_64& random, State& state) {
  detail::FrozenEntries frozen;
  const auto key = [&] { return std::string("k") + static_cast<char>('a' + random() % 20); };
  for (uint64_t i = random() % 3; i-- > 0;) {
    std::string begin = key();
    std::string end = begin;
    end.back() = static_cast<char>(end.back() + 1 + random() % 4);
    state.erase(state.lower_bound(begin), state.lower_bound(end));
    frozen.delete_range(std::move(begin), std::move(end));
  }
  for (uint64_t i = random() % 8 + 1; i-- > 0;) {
    const std::string k = key();
    if (random() % 3 == 0) {
      remove(frozen, k);
      state.erase(k);
    } else {
      const std::string value = std::to_string(random() % 1000);
      put(frozen, k, value);
      state[k] = value;
    }
  }
  return frozen;
}

TEST_CASE("the later of two entries with one key counts") {
  const test::TemporaryDirectory folder;
  detail::FrozenEntries frozen;
  put(frozen, "b", "old");
  remove(frozen, "a");
  put(frozen, "b", "new");
  put(frozen, "a", "there");
  Removals removals;
  const auto written =
      write_delta_file(database_options(nullptr), folder.path() + "/x.sst", {&frozen, 1}, removals);
  REQUIRE(written.ok());
  REQUIRE(removals.keys.empty());
  const auto database = open(folder.path() + "/db");
  REQUIRE(ingest_file(*database, folder.path() + "/x.sst", written->checksum).ok());
  REQUIRE(content(*database) == State{{"a", "there"}, {"b", "new"}});
}

TEST_CASE("the checksum of a delta is that of the bytes of its file") {
  const test::TemporaryDirectory folder;
  detail::FrozenEntries frozen;
  put(frozen, "a", "1");
  Removals removals;
  const auto written =
      write_delta_file(database_options(nullptr), folder.path() + "/x.sst", {&frozen, 1}, removals);
  REQUIRE(written.ok());
  REQUIRE(*checksum_file(real_file_system(), folder.path() + "/x.sst") == written->checksum);
  REQUIRE(*real_file_system().size(folder.path() + "/x.sst") == written->bytes);
}

TEST_CASE("an epoch may consist of a range deletion") {
  const test::TemporaryDirectory folder;
  const auto database = open(folder.path() + "/db");
  for (int epoch = 0; epoch < 2; ++epoch) {
    detail::FrozenEntries frozen;
    if (epoch == 0) {
      put(frozen, "a", "1");
      put(frozen, "b", "2");
    } else {
      frozen.delete_range("a", "b");
    }
    const std::string path = folder.path() + "/" + std::to_string(epoch) + ".sst";
    Removals removals;
    const auto written = write_delta_file(database_options(nullptr), path, {&frozen, 1}, removals);
    REQUIRE(written.ok());
    REQUIRE(ingest_file(*database, path, written->checksum).ok());
  }
  REQUIRE(content(*database) == State{{"b", "2"}});
}

TEST_CASE("deltas mean the same one by one and merged") {
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 30; ++round) {
    const test::TemporaryDirectory folder;
    const rocksdb::Options options = database_options(nullptr);
    State state;
    const auto one_by_one = open(folder.path() + "/one");
    const auto merged = open(folder.path() + "/merged");
    for (int base = 0; base < 3; ++base) {
      const size_t count = 2 + random() % 5;
      std::vector<Removals> removals(count);
      std::vector<DeltaInput> inputs;
      for (size_t i = 0; i < count; ++i) {
        detail::FrozenEntries frozen = random_epoch(random, state);
        inputs.push_back(
            {folder.path() + "/" + std::to_string(base) + "-" + std::to_string(i), &removals[i]});
        const auto written = write_delta_file(options, inputs[i].path, {&frozen, 1}, removals[i]);
        REQUIRE(written.ok());
        const std::string copy = inputs[i].path + ".copy";
        REQUIRE(real_file_system().link(inputs[i].path, copy).ok());
        REQUIRE(ingest_file(*one_by_one, copy, written->checksum).ok());
      }
      const std::string output = folder.path() + "/merged-" + std::to_string(base);
      const auto written = merge_delta_files(options, inputs, output);
      INFO(written.status().ToString());
      REQUIRE(written.ok());
      REQUIRE(ingest_file(*merged, output, written->checksum).ok());
      REQUIRE(content(*one_by_one) == state);
      REQUIRE(content(*merged) == state);
    }
  }
}

}  // namespace
}  // namespace weir
