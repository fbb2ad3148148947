#include "checkpoint/checkpoint_directory.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "runtime/base/fault_point.h"
#include "tests/checkpoint/directory_fixture.h"
#include "tests/support/catch.h"
#include "tests/support/failing_file_system.h"
#include "tests/support/temporary_directory.h"
#include "weir/detail/hash.h"

using namespace weir;        // NOLINT
using namespace weir::test;  // NOLINT

namespace {

bool contains(const absl::Status& status, const std::string& part) {
  return std::string(status.message()).find(part) != std::string::npos;
}

void damage(const std::string& file) { std::ofstream(file, std::ios::in | std::ios::out).seekp(20).put('!'); }

size_t position(const std::vector<std::string>& journal, const std::string& entry, size_t from = 0) {
  return static_cast<size_t>(std::find(journal.begin() + static_cast<ptrdiff_t>(from), journal.end(), entry) -
                             journal.begin());
}

std::string decided_name(uint64_t epoch) { return manifest_name({epoch}); }

}  // namespace

TEST_CASE("An empty directory is a first start") {
  const TemporaryDirectory folder;
  const auto directory = open_directory(folder / "a/job");
  const auto choice = directory->choose();
  REQUIRE(choice.ok());
  CHECK_FALSE(choice->manifest.has_value());
  CHECK(choice->skipped.empty());
  CHECK_FALSE(directory->highest_seen().has_value());
  CHECK(directory->attempt() == 1);
  CHECK(names_in(folder / "a/job") ==
        std::set<std::string>{"LOCK", "aside", "attempt", "outbox", "state", "work"});
  for (const char* name : {"state", "outbox", "work", "aside"}) {
    struct stat info {};
    REQUIRE(::stat((folder / (std::string("a/job/") + name)).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0700U);
  }
}

TEST_CASE("What was decided is what the next start chooses") {
  const TemporaryDirectory folder;
  {
    const auto directory = open_directory(folder.path());
    REQUIRE(directory->write_manifest(manifest_of(0)).ok());
    REQUIRE(directory->write_manifest(manifest_of(1)).ok());
    CHECK(directory->choose()->manifest == manifest_of(1));
  }
  const auto directory = open_directory(folder.path());
  CHECK(directory->choose()->manifest == manifest_of(1));
  CHECK(directory->manifests().size() == 2);
  struct stat info {};
  REQUIRE(::stat((folder / decided_name(1)).c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
}

// Who may use it

TEST_CASE("A directory is owned by one live job, in this process or another, and by none after its death") {
  const TemporaryDirectory folder;
  {
    const auto directory = open_directory(folder.path());
    CHECK(absl::IsFailedPrecondition(open_status(folder.path())));
  }
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto directory = open_directory(folder.path());
    (void)!::write(ready[1], "y", 1);
    while (true) ::pause();
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  const absl::Status refused = open_status(folder.path());
  CHECK(absl::IsFailedPrecondition(refused));
  CHECK(contains(refused, "process " + std::to_string(child)));
  CHECK(contains(refused, folder.path()));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(open_status(folder.path()).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("The directory of another job is refused with both names") {
  const TemporaryDirectory folder;
  { REQUIRE(open_directory(folder.path())->write_manifest(manifest_of(0)).ok()); }
  const absl::Status refused = open_status(folder.path(), "fraud");
  CHECK(absl::IsFailedPrecondition(refused));
  CHECK(contains(refused, "\"market\""));
  CHECK(contains(refused, "\"fraud\""));
}

TEST_CASE("A directory that cannot be made or written is refused with path, reason and advice") {
  const TemporaryDirectory folder;
  std::ofstream(folder / "file") << "x";
  for (const std::string& path : {folder / "file/job", std::string("/proc/weir/job")}) {
    const absl::Status refused = open_status(path);
    CHECK(contains(refused, path));
    CHECK(contains(refused, "may write"));
  }
  CHECK(absl::IsInvalidArgument(open_status("")));
  if (::geteuid() != 0) {
    REQUIRE(::mkdir((folder / "locked").c_str(), 0500) == 0);
    CHECK(absl::IsPermissionDenied(open_status(folder / "locked")));
  }
}

TEST_CASE("A disk that is full at any step of the start is refused, and the start works once it is not") {
  const TemporaryDirectory folder;
  { REQUIRE(open_directory(folder.path())->write_manifest(manifest_of(0)).ok()); }
  FailingFileSystem files;
  REQUIRE(open_status(folder.path(), "market", &files).ok());
  const uint64_t steps = files.operations();
  for (uint64_t step = 1; step <= steps; ++step) {
    files.fail_at(step, 1000);
    const absl::Status refused = open_status(folder.path(), "market", &files);
    CHECK(absl::IsResourceExhausted(refused));
    files.heal();
    REQUIRE(open_directory(folder.path(), 2, &files)->choose()->manifest == manifest_of(0));
  }
}

TEST_CASE("A manifest of a newer version is no damage: nothing falls back behind it") {
  const TemporaryDirectory folder;
  {
    const auto directory = open_directory(folder.path());
    REQUIRE(directory->write_manifest(manifest_of(0)).ok());
    REQUIRE(directory->write_manifest(manifest_of(1)).ok());
  }
  std::string text = read_file(real_file_system(), folder / decided_name(1)).value();
  text.replace(text.find("\"version\": 1"), 12, "\"version\": 2");
  const size_t member = text.rfind(",\n  \"checksum\"");
  char digits[17];
  std::snprintf(
      digits, sizeof digits, "%016llx",
      static_cast<unsigned long long>(detail::hash_bytes(std::string_view(text).substr(0, member))));
  text.replace(text.size() - 20, 16, digits);
  std::ofstream(folder / decided_name(1), std::ios::trunc) << text;
  CHECK(contains(open_status(folder.path()), "version is 2"));
}

// Numbers

TEST_CASE("R4: the highest number counts damaged, temporary and skipped manifests") {
  const TemporaryDirectory folder;
  { REQUIRE(open_directory(folder.path())->write_manifest(manifest_of(3)).ok()); }
  CHECK(open_directory(folder.path())->highest_seen() == Epoch{3});
  std::ofstream(folder / decided_name(5)) << "damaged";
  CHECK(open_directory(folder.path())->highest_seen() == Epoch{5});
  std::ofstream(folder / ("aside/" + decided_name(8))) << "skipped";
  CHECK(open_directory(folder.path())->highest_seen() == Epoch{8});
  std::ofstream(folder / (decided_name(9) + ".tmp")) << "half";
  const auto directory = open_directory(folder.path());
  CHECK(directory->highest_seen() == Epoch{9});
  CHECK_FALSE(exists(folder / (decided_name(9) + ".tmp")));
  CHECK(directory->choose()->manifest == manifest_of(3));
}

TEST_CASE("R4: a number that was seen is not written again, not even after a failure") {
  const TemporaryDirectory folder;
  FailingFileSystem files;
  const auto directory = open_directory(folder.path(), 2, &files);
  files.fail_at(1);
  CHECK_FALSE(directory->write_manifest(manifest_of(4)).ok());
  CHECK(absl::IsInternal(directory->write_manifest(manifest_of(4))));
  CHECK(absl::IsInternal(directory->write_manifest(manifest_of(3))));
  CHECK(directory->write_manifest(manifest_of(5)).ok());
}

TEST_CASE("R14: a first start that could not write checkpoint 0 is tried again as the first start") {
  const TemporaryDirectory folder;
  FailingFileSystem files;
  {
    const auto directory = open_directory(folder.path(), 2, &files);
    files.fail_at(2, 1000);  // nor can the temporary file be removed
    CHECK_FALSE(directory->write_manifest(manifest_of(0)).ok());
    files.heal();
    REQUIRE(directory->reload().ok());
    CHECK_FALSE(directory->highest_seen().has_value());
    files.fail_at(3);
    CHECK_FALSE(directory->write_manifest(manifest_of(0)).ok());
    CHECK(directory->write_manifest(manifest_of(0)).ok());
    CHECK(absl::IsInternal(directory->write_manifest(manifest_of(0))));
  }
  std::ofstream(folder / decided_name(0), std::ios::trunc) << "damaged";
  CHECK(absl::IsInternal(open_directory(folder.path())->write_manifest(manifest_of(0))));
}

TEST_CASE("Foreign files are nobody's manifests and stay") {
  const TemporaryDirectory folder;
  for (const char* name :
       {"manifest-1.json", "manifest-0000000000000000000x.json", "manifest-99999999999999999999.json",
        "manifest-00000000000000000001.json~", "notes.txt"}) {
    std::ofstream(folder / name) << "x";
  }
  const auto directory = open_directory(folder.path());
  CHECK_FALSE(directory->highest_seen().has_value());
  REQUIRE(directory->clean().ok());
  CHECK(names_in(folder.path()).size() == 6 + 5);
}

TEST_CASE("The number of an attempt is never used twice") {
  const TemporaryDirectory folder;
  {
    const auto directory = open_directory(folder.path());
    CHECK(directory->attempt() == 1);
    REQUIRE(directory->begin_attempt().ok());  // a restart inside the process
    CHECK(directory->attempt() == 2);
    REQUIRE(directory->write_manifest(manifest_of(0)).ok());
  }
  CHECK(open_directory(folder.path())->attempt() == 3);
  // Lost or damaged, it goes on far above every count there was.
  for (const char* text : {"", "x", "2 0000000000000000\n", "99999999999999999999 1\n"}) {
    std::ofstream(folder / "attempt", std::ios::trunc) << text;
    CHECK(open_directory(folder.path())->attempt() > 1'600'000'000'000ULL);
  }
  std::filesystem::remove(folder / "attempt");
  const uint64_t after_loss = open_directory(folder.path())->attempt();
  CHECK(after_loss > 1'600'000'000'000ULL);
  CHECK(open_directory(folder.path())->attempt() == after_loss + 1);
}

// The decision

TEST_CASE("R9: bytes are synced before the rename, the directory after it, and only then is it decided") {
  const TemporaryDirectory folder;
  FailingFileSystem files;
  const auto directory = open_directory(folder.path(), 2, &files);
  const size_t before = files.journal().size();
  REQUIRE(directory->write_manifest(manifest_of(0)).ok());
  const std::vector<std::string> journal = files.journal();
  const std::string name = folder / decided_name(0);
  CHECK(std::vector<std::string>(journal.begin() + static_cast<ptrdiff_t>(before), journal.end()) ==
        std::vector<std::string>{"create " + name + ".tmp", "append " + name + ".tmp",
                                 "sync " + name + ".tmp", "close " + name + ".tmp", "rename " + name,
                                 "sync_directory " + folder.path()});
}

TEST_CASE("R10: the directory is synced before a manifest in it is read") {
  const TemporaryDirectory folder;
  { REQUIRE(open_directory(folder.path())->write_manifest(manifest_of(0)).ok()); }
  FailingFileSystem files;
  const auto directory = open_directory(folder.path(), 2, &files);
  const std::vector<std::string> journal = files.journal();
  const size_t synced = position(journal, "sync_directory " + folder.path());
  const size_t listed = position(journal, "list " + folder.path());
  const size_t read = position(journal, "read " + (folder / decided_name(0)));
  CHECK(synced < listed);
  CHECK(listed < read);
  CHECK(read < journal.size());
  // Also at a restart inside the process.
  REQUIRE(directory->reload().ok());
  CHECK(position(files.journal(), "sync_directory " + folder.path(), journal.size()) <
        position(files.journal(), "list " + folder.path(), journal.size()));
}

TEST_CASE("A full disk at any step leaves the checkpoint before it, and nothing half-written") {
  const TemporaryDirectory folder;
  FailingFileSystem files;
  auto directory = open_directory(folder.path(), 100, &files);
  REQUIRE(directory->write_manifest(manifest_of(0)).ok());
  uint64_t epoch = 0;
  uint64_t last = 0;
  for (uint64_t step = 1; step <= 6; ++step) {
    files.fail_at(step);
    const absl::Status written = directory->write_manifest(manifest_of(++epoch));
    files.heal();
    REQUIRE_FALSE(written.ok());
    CHECK_FALSE(exists(folder / (decided_name(epoch) + ".tmp")));
    if (step < 6) {
      CHECK(absl::IsResourceExhausted(written));
      CHECK_FALSE(exists(folder / decided_name(epoch)));
      CHECK(directory->choose()->manifest == manifest_of(last));
    } else {
      // Renamed but not synced: only a restart can tell.
      CHECK(written.code() == absl::StatusCode::kUnknown);
      CHECK(directory->choose()->manifest == manifest_of(last));
      REQUIRE(directory->reload().ok());
      CHECK(directory->choose()->manifest == manifest_of(epoch));
    }
    REQUIRE(directory->write_manifest(manifest_of(++epoch)).ok());
    last = epoch;
    CHECK(directory->choose()->manifest == manifest_of(last));
  }
  directory.reset();
  CHECK(open_directory(folder.path())->damaged().empty());
}

TEST_CASE("A rename that took place though it was reported as failed is no decline") {
  const TemporaryDirectory folder;
  FailingFileSystem files;
  const auto directory = open_directory(folder.path(), 2, &files);
  files.lose_answers_of_renames();
  files.fail_at(5);
  CHECK(directory->write_manifest(manifest_of(0)).code() == absl::StatusCode::kUnknown);
  CHECK(exists(folder / decided_name(0)));
}

TEST_CASE("A temporary manifest that a full disk could not even remove is gone after the next start") {
  const TemporaryDirectory folder;
  FailingFileSystem files;
  {
    const auto directory = open_directory(folder.path(), 2, &files);
    files.fail_at(2, 1000);
    CHECK_FALSE(directory->write_manifest(manifest_of(0)).ok());
    CHECK(exists(folder / (decided_name(0) + ".tmp")));
    files.heal();
    CHECK(directory->write_manifest(manifest_of(1)).ok());
  }
  CHECK(open_directory(folder.path())->highest_seen() == Epoch{1});
  CHECK_FALSE(exists(folder / (decided_name(0) + ".tmp")));
}

TEST_CASE(
    "Killed at any crash point of the decision, the next start finds the old checkpoint or the new one") {
  if (!kFaultPointsCompiledIn) return;
  for (const std::string point :
       {"manifest.before_create", "manifest.after_create", "manifest.before_sync", "manifest.before_rename",
        "manifest.after_rename", "manifest.after_directory_sync"}) {
    const TemporaryDirectory folder;
    const pid_t child = ::fork();
    if (child == 0) {
      crash_at_fault_point(point, 2);
      const auto directory = open_directory(folder.path());
      (void)directory->write_manifest(manifest_of(0));
      (void)directory->write_manifest(manifest_of(1));
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    const auto directory = open_directory(folder.path());
    const bool renamed = point == "manifest.after_rename" || point == "manifest.after_directory_sync";
    CHECK(directory->choose()->manifest == manifest_of(renamed ? 1 : 0));
    CHECK(directory->damaged().empty());
  }
}

// Fallback

TEST_CASE(
    "R7: a newest manifest that cannot be read makes the one before it a fallback, and is moved aside "
    "durably") {
  const TemporaryDirectory folder;
  {
    const auto directory = open_directory(folder.path(), 5);
    for (uint64_t epoch = 0; epoch < 5; ++epoch) REQUIRE(directory->write_manifest(manifest_of(epoch)).ok());
  }
  damage(folder / decided_name(1));
  damage(folder / decided_name(3));
  damage(folder / decided_name(4));
  FailingFileSystem files;
  auto directory = open_directory(folder.path(), 5, &files);
  const auto choice = directory->choose();
  REQUIRE(choice.ok());
  CHECK(choice->manifest == manifest_of(2));
  REQUIRE(choice->skipped.size() == 2);  // 1 is damaged too, but nobody skips it
  CHECK(choice->skipped[0].epoch == Epoch{3});
  CHECK(choice->skipped[1].file == folder / decided_name(4));
  CHECK(contains(choice->skipped[1].reason, "checksum"));
  CHECK(manifests_in(folder.path()).size() == 5);  // choosing moves nothing

  REQUIRE(directory->move_aside_newer_than({2}).ok());
  CHECK(manifests_in(folder.path()) == std::set<uint64_t>{0, 1, 2});
  CHECK(names_in(folder / "aside") == std::set<std::string>{decided_name(3), decided_name(4)});
  const auto journal = files.journal();
  const size_t renamed = position(journal, "rename " + (folder / ("aside/" + decided_name(4))));
  CHECK(position(journal, "sync_directory " + (folder / "aside"), renamed) < journal.size());
  CHECK(position(journal, "sync_directory " + folder.path(), renamed) < journal.size());
  CHECK(directory->choose()->skipped.empty());
  CHECK(directory->highest_seen() == Epoch{4});
  CHECK(absl::IsInternal(directory->write_manifest(manifest_of(4))));
  REQUIRE(directory->write_manifest(manifest_of(5)).ok());
  directory.reset();
  CHECK(open_directory(folder.path())->choose()->manifest == manifest_of(5));
}

TEST_CASE("R7: a manifest that is whole but whose state is not is passed over like a damaged one") {
  const TemporaryDirectory folder;
  const auto directory = open_directory(folder.path(), 5);
  REQUIRE(directory->write_manifest(manifest_of(0)).ok());
  REQUIRE(directory->write_manifest(manifest_of(1)).ok());
  directory->mark_damaged({1}, absl::DataLossError("state/w0/d1 is short"));
  const auto choice = directory->choose();
  CHECK(choice->manifest == manifest_of(0));
  REQUIRE(choice->skipped.size() == 1);
  CHECK(contains(choice->skipped[0].reason, "state/w0/d1"));
  REQUIRE(directory->move_aside_newer_than({0}).ok());
  CHECK(manifests_in(folder.path()) == std::set<uint64_t>{0});
}

TEST_CASE("When no manifest can be read the job does not start from nothing") {
  const TemporaryDirectory folder;
  { REQUIRE(open_directory(folder.path())->write_manifest(manifest_of(0)).ok()); }
  std::ofstream(folder / decided_name(0), std::ios::trunc) << "";
  const auto directory = open_directory(folder.path());
  const absl::Status refused = directory->choose().status();
  CHECK(absl::IsDataLoss(refused));
  CHECK(contains(refused, folder / decided_name(0)));
}

TEST_CASE("A manifest under another epoch's name is damaged") {
  const TemporaryDirectory folder;
  { REQUIRE(open_directory(folder.path())->write_manifest(manifest_of(0)).ok()); }
  std::filesystem::copy(folder / decided_name(0), folder / decided_name(7));
  const auto directory = open_directory(folder.path());
  REQUIRE(directory->damaged().size() == 1);
  CHECK(contains(directory->damaged()[0].reason, "holds epoch 0"));
}
