#include <fstream>

#include "tests/state/store_driver.h"
#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

/// A checkpoint with a base and two deltas.
WorkerSnapshot make_checkpoint(const std::string& directory) {
  auto store = test::open_store(test::store_options(directory));
  auto table = test::plain_table<int64_t, std::string>(*store);
  WorkerSnapshot last;
  for (uint64_t epoch = 1; epoch <= 10; ++epoch) {
    for (int64_t i = 0; i < 50; ++i)
      test::put<int64_t, std::string>(*table, i, "value" + std::to_string(epoch));
    last = test::snapshot(*store, epoch);
    if (epoch == 8) REQUIRE(test::advance(*store));
  }
  REQUIRE(last.base.size() >= 4);
  REQUIRE(last.deltas.size() == 2);
  return last;
}

void check_refused(const std::string& directory, const WorkerSnapshot& snapshot, const StateFile& file,
                   int workers) {
  WorkerStoreOptions options = test::store_options(directory, 2);
  options.restored = {snapshot};
  options.workers = workers;
  REQUIRE(real_file_system().remove_tree(directory + "/work").ok());
  const absl::Status status = WorkerStore::open(options).status();
  INFO(file.path << ": " << status.ToString());
  REQUIRE(absl::IsDataLoss(status));
  REQUIRE(std::string(status.message()).find(file.path) != std::string::npos);
  // Before anything was opened.
  REQUIRE(absl::IsNotFound(real_file_system().list(directory + "/work").status()));
}

TEST_CASE("a state file that is missing, cut or altered is refused by its name, before it is opened") {
  const test::TemporaryDirectory folder;
  const WorkerSnapshot snapshot = make_checkpoint(folder.path());
  std::vector<StateFile> files = snapshot.base;
  files.insert(files.end(), snapshot.deltas.begin(), snapshot.deltas.end());
  for (const int workers : {1, 2}) {
    for (const StateFile& file : files) {
      const std::string path = folder.path() + "/" + file.path;
      const std::string bytes = *read_file(real_file_system(), path);
      const auto rewrite = [&](const std::string& content) {
        // A new file: other names of the old one keep their bytes.
        REQUIRE(real_file_system().remove(path).ok());
        REQUIRE(write_file(real_file_system(), path, content).ok());
      };
      REQUIRE(real_file_system().remove(path).ok());
      check_refused(folder.path(), snapshot, file, workers);
      REQUIRE(write_file(real_file_system(), path, bytes).ok());

      rewrite(bytes.substr(0, bytes.size() - 1));
      check_refused(folder.path(), snapshot, file, workers);

      std::string altered = bytes;
      altered[altered.size() / 2] = static_cast<char>(altered[altered.size() / 2] ^ 4);
      rewrite(altered);
      check_refused(folder.path(), snapshot, file, workers);
      rewrite(bytes);
    }
  }
  WorkerStoreOptions options = test::store_options(folder.path(), 2);
  options.restored = {snapshot};
  auto store = test::open_store(options);
  auto table = test::plain_table<int64_t, std::string>(*store);
  REQUIRE(test::value_of<int64_t, std::string>(*table, 3) == "value10");
}

TEST_CASE("restoring changes no file of the checkpoint") {
  const test::TemporaryDirectory folder;
  const WorkerSnapshot snapshot = make_checkpoint(folder.path());
  for (uint64_t attempt = 2; attempt < 5; ++attempt) {
    WorkerStoreOptions options = test::store_options(folder.path(), attempt);
    options.restored = {snapshot};
    auto store = test::open_store(options);
    auto table = test::plain_table<int64_t, std::string>(*store);
    for (uint64_t epoch = 11; epoch < 20; ++epoch) {
      test::put<int64_t, std::string>(*table, 1, std::to_string(epoch));
      test::snapshot(*store, epoch);
    }
    REQUIRE(test::advance(*store));
  }
  for (const auto* files : {&snapshot.base, &snapshot.deltas})
    for (const StateFile& file : *files)
      REQUIRE(*checksum_file(real_file_system(), folder.path() + "/" + file.path) == file.checksum);
}

}  // namespace
}  // namespace weir
