#include "state/ingest.h"

#include <rocksdb/db.h>

#include "absl/strings/str_cat.h"
#include "state/file_checksum.h"
#include "state/rocksdb_options.h"

namespace weir {

absl::Status ingest_file(rocksdb::DB& database, const std::string& path, uint64_t checksum) {
  rocksdb::IngestExternalFileArg file;
  file.column_family = database.DefaultColumnFamily();
  file.external_files = {path};
  file.options = ingest_options();
  file.files_checksums = {to_rocksdb_checksum(checksum)};
  file.files_checksum_func_names = {kFileChecksumName};
  return to_absl(database.IngestExternalFiles({file}), absl::StrCat("cannot ingest state file ", path));
}

}  // namespace weir
