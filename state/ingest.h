#pragma once
#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace rocksdb {
class DB;
}

namespace weir {

/// Moves the file into the database; its content is newer than all that is there. `path` is gone afterwards.
absl::Status ingest_file(rocksdb::DB& database, const std::string& path, uint64_t checksum);

}  // namespace weir
