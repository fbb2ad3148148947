#pragma once
#include <cstdint>
#include <memory>

namespace rocksdb {
class Cache;
}

namespace weir {

/// RocksDB's cache of file blocks; one for all workers of a job.
std::shared_ptr<rocksdb::Cache> make_block_cache(uint64_t bytes);

}  // namespace weir
