// The changes of an epoch made durable: 100,000 unsorted entries as one sorted file, against a WriteBatch
// without write-ahead log and a flush of the memtable. Both end with synced files.

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <random>

#include "bench/micro/bench_folder.h"
#include "bench/micro/interleaved.h"
#include "state/delta_file.h"
#include "state/rocksdb_options.h"
#include "weir/detail/coding.h"

namespace weir {
namespace {

constexpr size_t kEntries = 100'000;

/// Keys as a table of counts makes them: state, key group, key.
detail::FrozenEntries make_entries() {
  std::mt19937_64 random(1);
  detail::FrozenEntries frozen;
  for (size_t i = 0; i < kEntries; ++i) {
    frozen.begin();
    const uint64_t key = random();
    detail::put_big_endian16(frozen.buffer(), 7);
    detail::put_big_endian16(frozen.buffer(), static_cast<uint16_t>(key % 1024));
    detail::put_fixed(frozen.buffer(), key);
    frozen.key_done();
    detail::put_fixed(frozen.buffer(), random());
    detail::put_fixed(frozen.buffer(), random());
    frozen.put_done();
  }
  return frozen;
}

void epoch_of_100k_entries(benchmark::State& state) {
  const bench::BenchFolder folder;
  const rocksdb::Options options = database_options(nullptr);
  rocksdb::Options raw = options;
  raw.write_buffer_size = 256 << 20;
  raw.disable_auto_compactions = true;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(raw, folder.path() + "/raw", &opened).ok())
    return state.SkipWithError("cannot open RocksDB");
  const std::unique_ptr<rocksdb::DB> database(opened);
  const detail::FrozenEntries frozen = make_entries();
  int file = 0;
  bench::compare(
      state, 9,
      [&] {
        Removals removals;
        const std::string path = folder.path() + "/" + std::to_string(file++) + ".sst";
        return bench::seconds([&] {
          if (!write_delta_file(options, path, {&frozen, 1}, removals).ok()) std::abort();
        });
      },
      [&] {
        return bench::seconds([&] {
          rocksdb::WriteBatch batch;
          for (const auto& entry : frozen.entries()) {
            const std::string_view key = frozen.key(entry);
            const std::string_view value = frozen.value(entry);
            batch.Put({key.data(), key.size()}, {value.data(), value.size()});
          }
          rocksdb::WriteOptions no_log;
          no_log.disableWAL = true;
          if (!database->Write(no_log, &batch).ok() || !database->Flush({}).ok()) std::abort();
        });
      });
}
BENCHMARK(epoch_of_100k_entries)->UseManualTime()->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace weir
