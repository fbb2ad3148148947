// A count per key through the typed table of an operator, against get and put on RocksDB (no write-ahead log,
// block cache and memtable large enough for everything). By the time that the thread works: nothing here
// waits.

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include <cmath>
#include <cstring>
#include <random>

#include "bench/micro/bench_folder.h"
#include "bench/micro/interleaved.h"
#include "state/worker_store.h"
#include "weir/detail/keyed_table.h"

namespace weir {
namespace {

using Table = detail::KeyedTable<uint64_t, int64_t>;

std::vector<uint64_t> uniform_keys(size_t count, uint64_t keys) {
  std::mt19937_64 random(1);
  std::vector<uint64_t> drawn(count);
  for (uint64_t& key : drawn) key = random() % keys;
  return drawn;
}

/// Exponent 0.99, by the cumulated weights.
std::vector<uint64_t> zipf_keys(size_t count, uint64_t keys) {
  std::vector<double> cumulated(keys);
  double sum = 0;
  for (uint64_t i = 0; i < keys; ++i) cumulated[i] = sum += std::pow(static_cast<double>(i + 1), -0.99);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> draw(0, sum);
  std::vector<uint64_t> drawn(count);
  for (uint64_t& key : drawn) {
    const auto rank = std::lower_bound(cumulated.begin(), cumulated.end(), draw(random)) - cumulated.begin();
    key = static_cast<uint64_t>(rank) *
          0x9E3779B97F4A7C15ULL;  // neighbours in rank are no neighbours in the tree
  }
  return drawn;
}

std::unique_ptr<rocksdb::DB> open_raw(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.write_buffer_size = 256 << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(256 << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  rocksdb::DB* database = nullptr;
  if (!rocksdb::DB::Open(options, path, &database).ok()) std::abort();
  return std::unique_ptr<rocksdb::DB>(database);
}

double count_with_rocksdb(rocksdb::DB& database, absl::Span<const uint64_t> keys) {
  rocksdb::WriteOptions no_log;
  no_log.disableWAL = true;
  return bench::thread_seconds([&] {
           std::string value;
           for (const uint64_t key : keys) {
             const rocksdb::Slice slice(reinterpret_cast<const char*>(&key), sizeof key);
             int64_t count = 0;
             if (database.Get({}, slice, &value).ok()) std::memcpy(&count, value.data(), sizeof count);
             ++count;
             database.Put(no_log, slice, {reinterpret_cast<const char*>(&count), sizeof count});
           }
         }) /
         static_cast<double>(keys.size());
}

/// As an operator does it: batch by batch, the hashes computed by key_by before.
double count_with_table(Table& table, absl::Span<const uint64_t> keys, absl::Span<const uint64_t> hashes) {
  constexpr size_t kBatch = 1024;
  std::vector<const uint64_t*> pointers(kBatch);
  return bench::thread_seconds([&] {
           for (size_t from = 0; from < keys.size(); from += kBatch) {
             const size_t count = std::min(kBatch, keys.size() - from);
             for (size_t i = 0; i < count; ++i) pointers[i] = &keys[from + i];
             table.prefetch(absl::MakeConstSpan(pointers).first(count), hashes.subspan(from, count));
             for (size_t i = from; i < from + count; ++i) ++table.upsert(keys[i], hashes[i]);
           }
         }) /
         static_cast<double>(keys.size());
}

void run(benchmark::State& state, const std::vector<uint64_t>& keys, size_t raw_count) {
  const bench::BenchFolder folder;
  const auto database = open_raw(folder.path() + "/raw");
  auto store = WorkerStore::open({.checkpoint_directory = folder.path() + "/weir"});
  if (!store.ok()) return state.SkipWithError(std::string(store.status().message()).c_str());
  detail::StateBackend& backend = (*store)->operator_state("counts");
  Table table({.backend = &backend,
               .state = backend.declare({"counts", detail::KeyLayout::kPlain, "u64", "i64", ""})});
  std::vector<uint64_t> hashes;
  for (const uint64_t key : keys) hashes.push_back(detail::hash_key(key));
  const absl::Span<const uint64_t> raw_keys = absl::MakeConstSpan(keys).first(raw_count);
  count_with_table(table, keys, hashes);
  count_with_rocksdb(*database, raw_keys);
  uint64_t epoch = 0;
  bench::compare(
      state, 5,
      [&] {
        // Every round is an epoch: each key is marked dirty once more.
        (*store)->freeze("counts", Epoch{++epoch});
        (void)(*store)->seal(Epoch{epoch});
        return count_with_table(table, keys, hashes);
      },
      [&] { return count_with_rocksdb(*database, raw_keys); });
}

void hot_keys_10k(benchmark::State& state) { run(state, uniform_keys(1 << 20, 10'000), 200'000); }
void zipf_1m(benchmark::State& state) { run(state, zipf_keys(1 << 21, 1'000'000), 400'000); }

BENCHMARK(hot_keys_10k)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(zipf_1m)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir
