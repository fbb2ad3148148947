#pragma once
// RocksDB computes the checksum that manifests hold while it writes a table file, so that nobody reads it
// again.

#include <rocksdb/file_checksum.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace weir {

inline constexpr char kFileChecksumName[] = "weir.xxh3-64";

/// XXH3-64 of the file's bytes, 8 bytes little endian.
std::shared_ptr<rocksdb::FileChecksumGenFactory> file_checksum_factory();

/// RocksDB's form of a checksum; and back: an error unless it is one of ours.
std::string to_rocksdb_checksum(uint64_t checksum);
absl::StatusOr<uint64_t> from_rocksdb_checksum(const std::string& path, const std::string& function,
                                               const std::string& value);

}  // namespace weir
