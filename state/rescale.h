#pragma once
// Restoring with another number of workers: the key groups that belong to this worker now are read in ranges
// from the databases of the workers that had them, and go into sorted files that are ingested.

#include <rocksdb/options.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "state/worker_store.h"

namespace weir {

/// The workers of the restored snapshot that had some of this worker's key groups.
std::vector<size_t> workers_to_read(const WorkerStoreOptions& options);

/// Fills `target`; gives its states. States have the numbers they had at the first of `sources` that knows
/// them.
absl::StatusOr<std::vector<StateEntry>> copy_key_groups(const WorkerStoreOptions& options,
                                                        const std::vector<size_t>& sources,
                                                        const rocksdb::Options& database, FileSystem& files,
                                                        const std::string& work_folder, rocksdb::DB& target);

}  // namespace weir
