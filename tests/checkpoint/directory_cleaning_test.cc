#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "checkpoint/checkpoint_directory.h"
#include "tests/checkpoint/directory_fixture.h"
#include "tests/support/catch.h"
#include "tests/support/failing_file_system.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

using namespace weir;        // NOLINT
using namespace weir::test;  // NOLINT

namespace {

constexpr const char* kTarget = "kafka:c";

Manifest with_files(uint64_t epoch, std::vector<std::string> deltas, std::vector<std::string> segments = {}) {
  Manifest manifest = manifest_of(epoch);
  for (std::string& path : deltas) manifest.state[0].deltas.push_back({std::move(path), 1, 1});
  if (!segments.empty()) {
    TargetEntry target;
    target.identity = kTarget;
    EpochOutput output{manifest.epoch, manifest.cut, {}};
    for (std::string& name : segments) output.segments.push_back({std::move(name), 1, 1, 1});
    target.progress.chain = {output};
    manifest.targets = {target};
  }
  return manifest;
}

void put(const std::string& path) {
  std::filesystem::create_directories(path.substr(0, path.rfind('/')));
  std::ofstream(path) << "x";
}

std::set<std::string> files_below(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) names.insert(std::filesystem::relative(entry.path(), directory).string());
  }
  return names;
}

}  // namespace

TEST_CASE("The newest checkpoints are retained, as many as asked for and at least one") {
  for (const int retained : {-3, 1, 3}) {
    const TemporaryDirectory folder;
    const auto directory = open_directory(folder.path(), retained);
    for (uint64_t epoch = 0; epoch < 6; ++epoch) {
      REQUIRE(directory->write_manifest(manifest_of(epoch)).ok());
      directory->release({});
    }
    CHECK(manifests_in(folder.path()) ==
          (retained == 3 ? std::set<uint64_t>{3, 4, 5} : std::set<uint64_t>{5}));
  }
}

TEST_CASE("C58: releasing deletes only what no retained and no pending checkpoint lists") {
  const TemporaryDirectory folder;
  const auto directory = open_directory(folder.path(), 1);
  for (const char* name : {"dropped", "shared", "pending", "unknown", "orphan", "listed orphan"}) {
    put(folder / ("state/" + std::string(name)));
  }
  put(folder / "state/old base/CURRENT");
  put(folder / "state/old base/1.sst");
  put(folder / "state/new base/CURRENT");
  Manifest first = with_files(0, {"state/dropped", "state/shared", "state/pending"}, {"s0", "both"});
  first.state[0].base_directory = "state/old base";
  first.state[0].base = {{"state/old base/CURRENT", 1, 1}, {"state/old base/1.sst", 1, 1}};
  Manifest second = with_files(1, {"state/shared", "state/listed orphan"}, {"both", "s1"});
  second.state[0].base_directory = "state/new base";
  second.state[0].base = {{"state/new base/CURRENT", 1, 1}};
  REQUIRE(directory->write_manifest(first).ok());
  REQUIRE(directory->write_manifest(second).ok());
  FileListing pending;
  pending.state_files = {"state/pending"};
  FileListing orphans;
  orphans.state_files = {"state/orphan", "state/listed orphan"};
  orphans.add(kTarget, {{"s1", 1, 1, 1}, {"s2", 1, 1, 1}});
  const FileListing released = directory->release(pending, orphans);
  // "unknown" is what a worker writes just now: nobody lists it yet.
  CHECK(files_below(folder / "state") ==
        std::set<std::string>{"shared", "pending", "unknown", "listed orphan", "new base/CURRENT"});
  CHECK_FALSE(exists(folder / "state/old base"));
  CHECK(released.segments_of(kTarget) == std::vector<Segment>{{"s0", 1, 1, 1}, {"s2", 1, 1, 1}});
}

TEST_CASE("C58: a given-up checkpoint takes only its temporary manifest with it") {
  const TemporaryDirectory folder;
  FailingFileSystem files;
  const auto directory = open_directory(folder.path(), 1, &files);
  REQUIRE(directory->write_manifest(manifest_of(0)).ok());
  put(folder / "state/d1");
  put(folder / "outbox/s1");
  files.fail_at(3);
  REQUIRE_FALSE(directory->write_manifest(with_files(1, {"state/d1"}, {"s1"})).ok());
  directory->release({});
  CHECK(exists(folder / "state/d1"));
  CHECK(exists(folder / "outbox/s1"));
  REQUIRE(directory->write_manifest(with_files(2, {"state/d1", "state/d2"}, {"s1"})).ok());
  FileListing orphans;
  orphans.add(with_files(1, {"state/d1"}, {"s1"}));
  CHECK(directory->release({}, orphans).segments.empty());
  CHECK(exists(folder / "state/d1"));
}

TEST_CASE("A manifest that cannot be removed keeps its files, and goes at the next release") {
  const TemporaryDirectory folder;
  FailingFileSystem files;
  const auto directory = open_directory(folder.path(), 1, &files);
  put(folder / "state/d0");
  REQUIRE(directory->write_manifest(with_files(0, {"state/d0"})).ok());
  REQUIRE(directory->write_manifest(manifest_of(1)).ok());
  files.fail_at(1);
  directory->release({});
  CHECK(manifests_in(folder.path()) == std::set<uint64_t>{0, 1});
  CHECK(exists(folder / "state/d0"));
  directory->release({});
  CHECK(manifests_in(folder.path()) == std::set<uint64_t>{1});
  CHECK_FALSE(exists(folder / "state/d0"));
}

TEST_CASE("Files go only after the removal of the manifest that lists them is durable") {
  const TemporaryDirectory folder;
  FailingFileSystem files;
  const auto directory = open_directory(folder.path(), 1, &files);
  put(folder / "state/d0");
  REQUIRE(directory->write_manifest(with_files(0, {"state/d0"}, {"s0"})).ok());
  REQUIRE(directory->write_manifest(manifest_of(1)).ok());
  files.fail_at(2);  // the sync of the directory
  CHECK(directory->release({}).empty());
  CHECK(exists(folder / "state/d0"));
}

TEST_CASE("Cleaning at the start keeps what manifests list, whole bases and nested files, and empties work") {
  const TemporaryDirectory folder;
  {
    const auto directory = open_directory(folder.path());
    Manifest manifest = with_files(0, {"state/w0/a1-delta-0.sst"}, {"listed", "outbox/in a folder/listed"});
    manifest.targets[0].progress.chain[0].segments.push_back(
        {directory->outbox_path() + "/absolute", 1, 1, 1});
    manifest.targets[0].progress.chain[0].segments.push_back({"/elsewhere/.part-0", 1, 1, 1});
    manifest.state[0].base_directory = "state/w0/a1-base-0";
    manifest.state[0].base = {{"state/w0/a1-base-0/CURRENT", 1, 1}};
    REQUIRE(directory->write_manifest(manifest).ok());
  }
  for (const char* name : {"state/w0/a1-delta-0.sst", "state/w0/a1-delta-1.sst", "state/w0/a1-base-0/CURRENT",
                           "state/w0/a1-base-0/LOG", "state/w0/a1-base-01/CURRENT", "state/w1/a1-delta-0.sst",
                           "outbox/listed", "outbox/in a folder/listed", "outbox/in a folder/other",
                           "outbox/absolute", "outbox/other", "work/w0/db/CURRENT", "work/file"}) {
    put(folder / name);
  }
  const auto directory = open_directory(folder.path());
  const auto kept = directory->clean();
  REQUIRE(kept.ok());
  CHECK(files_below(folder / "state") ==
        std::set<std::string>{"w0/a1-delta-0.sst", "w0/a1-base-0/CURRENT", "w0/a1-base-0/LOG"});
  CHECK(files_below(folder / "outbox") == std::set<std::string>{"listed", "in a folder/listed", "absolute"});
  CHECK(names_in(folder / "work").empty());
  CHECK(kept->segments_of(kTarget).size() == 4);
}

TEST_CASE(
    "C58: after any sequence of checkpoints, failures, crashes and starts, exactly what is listed is there") {
  std::mt19937_64 random(seed());
  for (int round = 0; round < 30; ++round) {
    const TemporaryDirectory folder;
    const int retained = static_cast<int>(1 + random() % 3);
    FailingFileSystem files;
    auto directory = open_directory(folder.path(), retained, &files);
    uint64_t epoch = 0;
    std::vector<std::string> current;  // what the engine needs now, and so lists
    FileListing given_up;
    for (int step = 0; step < 40; ++step) {
      if (random() % 4 == 0) current.clear();  // a new base: older deltas are needed no more
      const std::string fresh = "state/w" + std::to_string(random() % 2) + "/d" + std::to_string(epoch);
      put(folder / fresh);
      current.push_back(fresh);
      const Manifest manifest = with_files(epoch++, current);
      if (random() % 3 == 0) files.fail_at(1 + random() % 5);
      const bool decided = directory->write_manifest(manifest).ok();
      files.heal();
      if (decided) {
        directory->release({}, std::exchange(given_up, {}));
      } else {
        given_up.add(manifest);
      }
      FileListing listed;
      for (const Manifest& m : directory->manifests()) listed.add(m);
      for (const std::string& file : listed.state_files) REQUIRE(exists(folder / file));
      REQUIRE(directory->manifests().size() <= static_cast<size_t>(retained));
      if (random() % 8 == 0) {  // a crash: what was not decided is forgotten
        directory.reset();
        directory = open_directory(folder.path(), retained, &files);
        const auto chosen = directory->choose();
        REQUIRE(chosen->skipped.empty());
        const auto kept = directory->clean();
        REQUIRE(kept.ok());
        given_up = {};
        current.clear();
        if (chosen->manifest) {
          for (const StateFile& file : chosen->manifest->state[0].deltas) current.push_back(file.path);
        }
        epoch = directory->highest_seen() ? directory->highest_seen()->number + 1 : 0;
        std::set<std::string> there;
        for (const std::string& name : files_below(folder / "state")) there.insert("state/" + name);
        REQUIRE(there == kept->state_files);
      } else if (decided) {
        std::set<std::string> there;
        for (const std::string& name : files_below(folder / "state")) there.insert("state/" + name);
        REQUIRE(there == listed.state_files);  // nothing leaks either
      }
    }
  }
}
