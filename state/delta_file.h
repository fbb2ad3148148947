#pragma once
// The changes of an epoch as one sorted table file: `state/w<worker>/a<attempt>-delta-<epoch>.sst`, an SST as
// RocksDB writes it (no compression, full-key Bloom filter), with the epoch's range deletions. In one file a
// range deletion hits only what is older than the file.

#include <rocksdb/options.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "state/key_ranges.h"
#include "weir/detail/state_backend.h"

namespace weir {

struct WrittenFile {
  uint64_t bytes = 0;
  uint64_t checksum = 0;
};

/// What a delta takes away. RocksDB's reader of single files does not show it, and merging needs it.
struct Removals {
  /// Keys in order, each with a varint length before it.
  std::string keys;
  std::vector<KeyRange> ranges;
};

/// Sorts and writes; of entries with equal keys the last counts. The file is synced, its directory is not. At
/// least one entry or range; the file must not exist. Fills `removals`.
absl::StatusOr<WrittenFile> write_delta_file(const rocksdb::Options& options, const std::string& path,
                                             absl::Span<const detail::FrozenEntries> parts,
                                             Removals& removals);

struct DeltaInput {
  std::string path;
  const Removals* removals;
};

/// Several deltas, oldest first, as one file with the same meaning. `output` must not exist.
absl::StatusOr<WrittenFile> merge_delta_files(const rocksdb::Options& options,
                                              absl::Span<const DeltaInput> inputs, const std::string& output);

}  // namespace weir
