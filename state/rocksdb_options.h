#pragma once
// How Weir uses RocksDB: as a sorted base that only ever ingests finished files. No write-ahead log, no
// memtable.

#include <rocksdb/options.h>
#include <rocksdb/status.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "state/block_cache.h"

namespace weir {

rocksdb::Options database_options(const std::shared_ptr<rocksdb::Cache>& cache);
/// For files that go in whole, under a sequence number of their own.
rocksdb::IngestExternalFileOptions ingest_options();
/// For sequential reads of everything.
rocksdb::ReadOptions bulk_read_options();

/// "<what>: <RocksDB's reason>", with the code that fits.
absl::Status to_absl(const rocksdb::Status& status, const std::string& what);

}  // namespace weir
