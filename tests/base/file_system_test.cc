#include "runtime/base/file_system.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/failing_file_system.h"
#include "tests/support/temporary_directory.h"
#include "weir/detail/hash.h"

using namespace weir;  // NOLINT

namespace {

std::string message(const absl::Status& status) { return std::string(status.message()); }

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
}

}  // namespace

TEST_CASE("A file that was written reads back, in whole and in parts") {
  const test::TemporaryDirectory folder;
  FileSystem& files = real_file_system();
  const std::string bytes(3'000'001, 'x');
  REQUIRE(write_file(files, folder / "file", bytes).ok());
  CHECK(read_file(files, folder / "file").value() == bytes);
  CHECK(files.size(folder / "file").value() == bytes.size());
  CHECK(files.read(folder / "file", 3'000'000, 100).value() == "x");
  CHECK(files.read(folder / "file", 3'000'001, 100).value().empty());
  CHECK(files.read(folder / "file", ~uint64_t{0}, ~uint64_t{0}).value().empty());
  CHECK(checksum_file(files, folder / "file").value() == detail::hash_bytes(bytes));
}

TEST_CASE("A file whose length is a multiple of the chunk reads back, and an empty one") {
  const test::TemporaryDirectory folder;
  FileSystem& files = real_file_system();
  for (const size_t size : {size_t{0}, size_t{1} << 20, size_t{2} << 20}) {
    const std::string path = folder / std::to_string(size);
    const std::string bytes(size, 'y');
    REQUIRE(write_file(files, path, bytes).ok());
    CHECK(read_file(files, path).value() == bytes);
    CHECK(checksum_file(files, path).value() == detail::hash_bytes(bytes));
  }
}

TEST_CASE("Files are made with mode 0600, directories with 0700, whatever stands above them") {
  const test::TemporaryDirectory folder;
  const mode_t before = ::umask(0);
  REQUIRE(real_file_system().make_directories(folder / "a/b//c/").ok());
  REQUIRE(write_file(real_file_system(), folder / "a/b/c/file", "").ok());
  ::umask(before);
  CHECK(mode_of(folder / "a/b/c/file") == 0600U);
  CHECK(mode_of(folder / "a/b") == 0700U);
  CHECK(real_file_system().make_directories(folder / "a/b").ok());
}

TEST_CASE("A name is never used twice") {
  const test::TemporaryDirectory folder;
  REQUIRE(write_file(real_file_system(), folder / "file", "first").ok());
  const absl::Status second = write_file(real_file_system(), folder / "file", "second");
  CHECK(absl::IsAlreadyExists(second));
  CHECK(read_file(real_file_system(), folder / "file").value() == "first");
}

TEST_CASE("Errors say the operation, the path and the system's reason") {
  const test::TemporaryDirectory folder;
  FileSystem& files = real_file_system();
  const absl::Status missing = files.read(folder / "none", 0, 1).status();
  CHECK(absl::IsNotFound(missing));
  CHECK(message(missing) == "cannot open " + (folder / "none") + ": No such file or directory");
  CHECK(absl::IsNotFound(files.create(folder / "none/file").status()));
  CHECK(absl::IsNotFound(files.size(folder / "none").status()));
  CHECK(absl::IsNotFound(files.list(folder / "none").status()));
  CHECK(absl::IsNotFound(files.sync_directory(folder / "none")));
  CHECK(message(files.rename(folder / "none", folder / "other")).find("none to") != std::string::npos);
  REQUIRE(write_file(files, folder / "file", "").ok());
  CHECK_FALSE(files.make_directories(folder / "file/below").ok());
  CHECK_FALSE(files.read(folder.path(), 0, 1).ok());
  CHECK_FALSE(files.sync_directory(folder / "file").ok());
  if (::access("/dev/full", W_OK) == 0) {
    std::filesystem::create_symlink("/dev/full", folder / "full");
    CHECK_FALSE(files.create(folder / "full").ok());  // exclusive: follows no link
  }
}

TEST_CASE("Removing what is not there is fine; trees go with everything in them and links are not followed") {
  const test::TemporaryDirectory folder;
  FileSystem& files = real_file_system();
  CHECK(files.remove(folder / "none").ok());
  CHECK(files.remove_tree(folder / "none").ok());
  REQUIRE(files.make_directories(folder / "kept").ok());
  REQUIRE(write_file(files, folder / "kept/file", "x").ok());
  REQUIRE(files.make_directories(folder / "tree/deep").ok());
  REQUIRE(write_file(files, folder / "tree/deep/file", "x").ok());
  std::filesystem::create_directory_symlink(folder / "kept", folder / "tree/link");
  REQUIRE(files.remove_tree(folder / "tree").ok());
  CHECK(files.list(folder.path()).value() == std::vector<std::string>{"kept"});
  CHECK(files.size(folder / "kept/file").ok());
}

TEST_CASE("A list is sorted; links share their bytes; a rename replaces") {
  const test::TemporaryDirectory folder;
  FileSystem& files = real_file_system();
  for (const char* name : {"c", "a", "b"}) REQUIRE(write_file(files, folder / name, name).ok());
  REQUIRE(files.link(folder / "a", folder / "d").ok());
  REQUIRE(files.rename(folder / "b", folder / "c").ok());
  CHECK(files.list(folder.path()).value() == std::vector<std::string>{"a", "c", "d"});
  CHECK(read_file(files, folder / "c").value() == "b");
  CHECK(read_file(files, folder / "d").value() == "a");
  CHECK(files.sync_directory(folder.path()).ok());
}

TEST_CASE("A replaced file holds the old bytes or the new ones, whichever operation fails") {
  const test::TemporaryDirectory folder;
  test::FailingFileSystem files;
  REQUIRE(replace_file(files, folder / "file", "old").ok());
  const uint64_t before = files.operations();
  REQUIRE(replace_file(files, folder / "file", "old").ok());
  const uint64_t steps = files.operations() - before;
  CHECK(steps == 7);
  for (uint64_t step = 1; step <= steps; ++step) {
    files.fail_at(step);
    CHECK_FALSE(replace_file(files, folder / "file", "new").ok());
    const std::string now = read_file(files, folder / "file").value();
    CHECK((now == "old" || (step == steps && now == "new")));
  }
  CHECK(replace_file(files, folder / "file", "newest").ok());
  CHECK(read_file(files, folder / "file").value() == "newest");
}
