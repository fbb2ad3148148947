#include <algorithm>

#include "tests/connectors/compressed_files.h"
#include "tests/connectors/file_sink_driver.h"
#include "tests/connectors/source_driver.h"
#include "tests/support/catch.h"
#include "tests/support/failing_file_system.h"
#include "tests/support/temporary_directory.h"

using namespace weir;
using namespace weir::test;

namespace {

using Lines = std::vector<std::string>;

/// All visible lines of the directory, sorted.
Lines visible_lines(const std::string& directory) {
  if (names_in(directory, true).empty()) return {};
  SourceDriver<std::string> driver(file_source<std::string>({.path = directory + "/*"}));
  REQUIRE(driver.open().ok());
  REQUIRE(driver.drain().ok());
  Lines lines = driver.values();
  std::sort(lines.begin(), lines.end());
  return lines;
}

Sink<std::string> sink_to(const std::string& directory) {
  return file_sink<std::string>({.directory = directory});
}

FileSystem& real() { return real_file_system(); }

/// An epoch with a line of each worker is decided, and not out: its files have temporary names.
struct Pending {
  explicit Pending(const Sink<std::string>& sink) {
    SinkAttempt attempt(sink, manifest, real());
    REQUIRE(attempt.start().ok());
    REQUIRE(attempt.write(0, {"a", "b"}).ok());
    REQUIRE(attempt.write(1, {"c"}).ok());
    REQUIRE(attempt.seal().ok());
    attempt.decide();
  }
  const Segment& segment(size_t i) const { return manifest.progress.chain.at(0).segments.at(i); }

  SinkManifest manifest;
};

}  // namespace

TEST_CASE("Output is visible when its epoch is decided and committed, not before") {
  const TemporaryDirectory directory;
  SinkManifest manifest;
  SinkAttempt attempt(sink_to(directory.path()), manifest, real());
  REQUIRE(attempt.start().ok());
  REQUIRE(attempt.write(0, {"a", "b"}).ok());
  REQUIRE(attempt.write(1, {"c"}).ok());
  CHECK(names_in(directory.path(), true).empty());
  REQUIRE(attempt.seal().ok());
  CHECK(names_in(directory.path(), true).empty());
  REQUIRE(attempt.sealed().size() == 2);
  CHECK(attempt.sealed()[0].records == 2);
  CHECK(attempt.sealed()[0].bytes == 4);
  attempt.decide();
  REQUIRE(attempt.commit().ok());
  CHECK(names_in(directory.path(), false).empty());
  const Lines names = names_in(directory.path(), true);
  REQUIRE(names.size() == 2);
  CHECK_THAT(names[0], Catch::Matches("part-01234567-1-0-[0-9a-f]{8}-000001\\.jsonl"));
  CHECK_THAT(names[1], Catch::Matches("part-01234567-1-1-[0-9a-f]{8}-000001\\.jsonl"));
  CHECK(read_bytes(directory / names[0]) == "a\nb\n");
  CHECK(read_bytes(directory / names[1]) == "c\n");
  REQUIRE(attempt.write(1, {"d"}).ok());
  REQUIRE(attempt.seal().ok());
  attempt.decide();
  REQUIRE(attempt.commit().ok());
  CHECK(visible_lines(directory.path()) == Lines{"a", "b", "c", "d"});
  CHECK(names_in(directory.path(), true).size() == 3);
}

TEST_CASE("An epoch without output makes no file") {
  const TemporaryDirectory directory;
  SinkManifest manifest;
  SinkAttempt attempt(sink_to(directory.path()), manifest, real());
  REQUIRE(attempt.start().ok());
  REQUIRE(attempt.seal().ok());
  CHECK(attempt.sealed().empty());
  attempt.decide();
  REQUIRE(attempt.commit().ok());
  CHECK(real().list(directory.path())->empty());
}

TEST_CASE("Files are split at the limit, and an epoch always begins another one") {
  const TemporaryDirectory directory;
  SinkManifest manifest;
  SinkAttempt attempt(file_sink<std::string>({.directory = directory.path(), .roll_bytes = 10}), manifest,
                      real(), 1);
  REQUIRE(attempt.start().ok());
  REQUIRE(attempt.write(0, {"1234", "5678", "9", "a long one, longer than the limit", "x"}).ok());
  REQUIRE(attempt.seal().ok());
  attempt.decide();
  REQUIRE(attempt.write(0, {"y"}).ok());
  REQUIRE(attempt.seal().ok());
  attempt.decide();
  REQUIRE(attempt.commit().ok());
  Lines contents;
  for (const std::string& name : names_in(directory.path(), true))
    contents.push_back(read_bytes(directory / name));
  CHECK(contents == Lines{"1234\n5678\n", "9\na long one, longer than the limit\n", "x\n", "y\n"});
}

TEST_CASE("Compressed files read back, and are split too") {
  const TemporaryDirectory directory;
  const auto [compression, suffix] = GENERATE(table<FileCompression, std::string>(
      {{FileCompression::kGzip, ".jsonl.gz"}, {FileCompression::kZstd, ".jsonl.zst"}}));
  SinkManifest manifest;
  SinkAttempt attempt(file_sink<std::string>(
                          {.directory = directory.path(), .roll_bytes = 50000, .compression = compression}),
                      manifest, real(), 1);
  REQUIRE(attempt.start().ok());
  Lines expected;
  uint64_t number = 1;
  for (int i = 0; i < 60000; ++i) {
    number = number * 6364136223846793005ULL + 1442695040888963407ULL;
    expected.push_back(std::to_string(number));
  }
  REQUIRE(attempt.write(0, expected).ok());
  REQUIRE(attempt.seal().ok());
  attempt.decide();
  REQUIRE(attempt.commit().ok());
  const Lines names = names_in(directory.path(), true);
  CHECK(names.size() > 3);
  for (const std::string& name : names) CHECK(name.ends_with(suffix));
  std::sort(expected.begin(), expected.end());
  CHECK(visible_lines(directory.path()) == expected);
}

TEST_CASE("A failure of any single operation, then a restart: every line once, and nothing left over") {
  // Two epochs are written; whatever is not decided when something fails is written again by the next
  // attempt.
  const std::vector<std::vector<Lines>> epochs = {{{"a", "b"}, {"c"}}, {{"d"}, {}}, {{"e"}, {"f", "g"}}};
  bool failed = true;
  for (uint64_t n = 1; failed; ++n) {
    const TemporaryDirectory directory;
    const std::string out = directory / "deep/out";
    FailingFileSystem files;
    files.fail_at(n);
    failed = false;
    SinkManifest manifest;
    const Sink<std::string> sink = file_sink<std::string>({.directory = out, .roll_bytes = 2});
    while (true) {
      SinkAttempt attempt(sink, manifest, files);
      absl::Status status = attempt.start();
      while (status.ok() && manifest.next_epoch <= epochs.size()) {
        const std::vector<Lines>& lines = epochs[manifest.next_epoch - 1];
        status = attempt.write(0, lines[0]);
        status.Update(attempt.write(1, lines[1]));
        if (status.ok()) status = attempt.seal();
        if (!status.ok()) break;
        attempt.decide();
        status = attempt.commit();
      }
      if (status.ok()) break;
      REQUIRE(!failed);
      failed = true;
      REQUIRE_THAT(std::string(status.message()), Catch::Contains(directory.path()));
    }
    INFO("operation " << n);
    REQUIRE(visible_lines(out) == Lines{"a", "b", "c", "d", "e", "f", "g"});
    // Another start finds nothing to do.
    files.heal();
    SinkAttempt last(sink, manifest, files);
    REQUIRE(last.start().ok());
    REQUIRE(names_in(out, false).empty());
    if (n == 1) REQUIRE(failed);
  }
}

TEST_CASE("Files are synced before they are listed, and their directory after them") {
  const TemporaryDirectory directory;
  const std::string out = directory / "out";
  FailingFileSystem files;
  SinkManifest manifest;
  SinkAttempt attempt(sink_to(out), manifest, files, 1);
  REQUIRE(attempt.start().ok());
  REQUIRE(attempt.write(0, {"a"}).ok());
  REQUIRE(attempt.seal().ok());
  const std::string final_path = out + "/" + attempt.sealed()[0].name;
  const std::string temporary = out + "/." + attempt.sealed()[0].name + ".tmp";
  attempt.decide();
  REQUIRE(attempt.commit().ok());
  Lines journal = files.journal();
  journal.erase(journal.begin(), std::find(journal.begin(), journal.end(), "create " + temporary));
  CHECK(journal == Lines{"create " + temporary, "append " + temporary, "sync " + temporary,
                         "close " + temporary, "sync_directory " + out, "rename " + final_path,
                         "sync_directory " + out});
}

TEST_CASE("Recovery tells how many epochs are out, and a commit that was interrupted goes on") {
  const TemporaryDirectory directory;
  const Sink<std::string> sink = sink_to(directory.path());
  Pending pending(sink);
  {
    SinkAttempt attempt(sink, pending.manifest, real());
    // Killed between the two renames.
    REQUIRE(
        real()
            .rename(directory / ("." + pending.segment(0).name + ".tmp"), directory / pending.segment(0).name)
            .ok());
    const auto factory = sink.factory()->target();
    const TargetFactory* const sinks[] = {factory.get()};
    auto target = *factory->open({}, sinks);
    CHECK(*target->recover(pending.manifest.progress, false) == 0);
    REQUIRE(*target->commit(pending.manifest.progress.chain));
    CHECK(*target->recover(pending.manifest.progress, false) == 1);
    // The answer was lost: again.
    REQUIRE(*target->commit(pending.manifest.progress.chain));
  }
  CHECK(visible_lines(directory.path()) == Lines{"a", "b", "c"});
}

TEST_CASE("A listed file that is missing, changed or there twice is an error, never nothing") {
  const TemporaryDirectory directory;
  const Sink<std::string> sink = sink_to(directory.path());
  Pending pending(sink);
  const std::string final_path = directory / pending.segment(0).name;
  const std::string temporary = directory / ("." + pending.segment(0).name + ".tmp");
  const auto start_error = [&] {
    SinkAttempt attempt(sink, pending.manifest, real());
    return std::string(attempt.start().message());
  };
  SECTION("missing") {
    std::filesystem::remove(temporary);
    CHECK(start_error() ==
          "neither " + final_path + " nor " + temporary +
              " exists, but epoch 1 of job 'job' lists it: put it back, or start from an older checkpoint");
  }
  SECTION("another size") {
    write_bytes(temporary, "a\nb\nc\n");
    CHECK(start_error() ==
          temporary +
              " has 6 bytes, but epoch 1 of job 'job' wrote 4: it was changed or damaged; start from an "
              "older checkpoint");
  }
  SECTION("other bytes") {
    write_bytes(temporary, "a\nx\n");
    CHECK_THAT(start_error(), Catch::StartsWith(temporary + " has another checksum than was written"));
  }
  SECTION("final of another size") {
    std::filesystem::remove(temporary);
    write_bytes(final_path, "a\n");
    CHECK_THAT(start_error(), Catch::StartsWith(final_path + " has 2 bytes, but epoch 1"));
  }
  SECTION("both") {
    write_bytes(final_path, "a\nb\n");
    CHECK_THAT(start_error(),
               Catch::StartsWith(final_path + " exists although its data is still waiting in " + temporary));
  }
  SECTION("neither, at commit") {
    const auto factory = sink.factory()->target();
    const TargetFactory* const sinks[] = {factory.get()};
    auto target = *factory->open({}, sinks);
    REQUIRE(target->recover(pending.manifest.progress, false).ok());
    std::filesystem::remove(temporary);
    CHECK_THAT(std::string(target->commit(pending.manifest.progress.chain).status().message()),
               Catch::StartsWith("neither " + final_path));
  }
}

TEST_CASE("Cleaning removes what this job left and nobody lists, and nothing else") {
  const TemporaryDirectory directory;
  const Sink<std::string> sink = sink_to(directory.path());
  Pending pending(sink);
  const Lines kept = {".hidden",
                      ".other-01234567-1-0-00000000-000009.jsonl.tmp",  // another sink's
                      ".part-99999999-1-0-00000000-000009.jsonl.tmp",   // another job's
                      ".part-01234567-1-0-000009.jsonl.tmp",            // not a name of ours
                      "part-01234567-1-0-00000000-000009.jsonl"};       // out
  const Lines removed = {".part-01234567-1-0-00000000-000009.jsonl.tmp",
                         ".part-01234567-9-3-ffffffff-1000000.jsonl.zst.tmp"};
  for (const std::string& name : kept) write_bytes(directory / name, "x\n");
  for (const std::string& name : removed) write_bytes(directory / name, "x\n");
  SinkAttempt attempt(sink, pending.manifest, real());
  REQUIRE(attempt.start().ok());
  for (const std::string& name : kept) CHECK(std::filesystem::exists(directory / name));
  for (const std::string& name : removed) CHECK(!std::filesystem::exists(directory / name));
  CHECK(names_in(directory.path(), true).size() == 3);
}

TEST_CASE("A restored savepoint keeps what it lists and cleans the run it comes from") {
  const TemporaryDirectory directory;
  const Sink<std::string> sink = sink_to(directory.path());
  Pending pending(sink);
  write_bytes(directory / ".part-01234567-1-0-00000000-000009.jsonl.tmp", "x\n");
  pending.manifest.incarnation = "fedcba98";
  pending.manifest.attempt = 0;
  const auto factory = sink.factory()->target();
  const TargetFactory* const sinks[] = {factory.get()};
  TargetContext context;
  context.incarnation = pending.manifest.incarnation;
  auto target = *factory->open(std::move(context), sinks);
  REQUIRE(*target->recover(pending.manifest.progress, false) == 0);
  REQUIRE(target->clean(pending.manifest.progress.chain[0].segments).ok());
  CHECK(names_in(directory.path(), false).size() == 2);
  REQUIRE(target->commit(pending.manifest.progress.chain).ok());
  CHECK(visible_lines(directory.path()) == Lines{"a", "b", "c"});
}

TEST_CASE("The same attempt number in another directory does not take a name twice") {
  const TemporaryDirectory directory;
  for (int i = 0; i < 2; ++i) {
    SinkManifest manifest;  // as a savepoint restored into an empty directory: the same run and attempt again
    manifest.progress.has_base = true;
    SinkAttempt attempt(sink_to(directory.path()), manifest, real(), 1);
    REQUIRE(attempt.start().ok());
    REQUIRE(attempt.write(0, {"x"}).ok());
    REQUIRE(attempt.seal().ok());
    attempt.decide();
    REQUIRE(attempt.commit().ok());
  }
  CHECK(visible_lines(directory.path()) == Lines{"x", "x"});
}

TEST_CASE("A job that starts anew refuses a directory with output of its prefix") {
  const TemporaryDirectory directory;
  SinkManifest manifest;
  {
    SinkAttempt attempt(sink_to(directory.path()), manifest, real(), 1);
    REQUIRE(attempt.start().ok());
    REQUIRE(attempt.write(0, {"x"}).ok());
    REQUIRE(attempt.seal().ok());
    attempt.decide();
    REQUIRE(attempt.commit().ok());
  }
  SinkManifest other;
  SinkAttempt again(sink_to(directory.path()), other, real());
  CHECK(again.start().message() == directory / names_in(directory.path(), true)[0] +
                                       " is the output of an earlier run, but job 'job' starts anew: restore "
                                       "its checkpoints, or choose an empty "
                                       "directory or another prefix");
  SinkAttempt beside(file_sink<std::string>({.directory = directory.path(), .prefix = "par"}), other, real());
  CHECK(beside.start().ok());
}

TEST_CASE("Sinks of one directory share a target and need different prefixes") {
  const TemporaryDirectory directory;
  const auto target = [&](const std::string& path, const std::string& prefix) {
    return file_sink<std::string>({.directory = path, .prefix = prefix}).factory()->target();
  };
  const auto a = target(directory / "out", "a");
  const auto b = target(directory / "./x/../out/", "b");
  const auto again = target(directory / "out", "a");
  const auto elsewhere = target(directory / "out2", "a");
  REQUIRE(a->identify().ok());
  CHECK(*a->identify() == "files:" + std::filesystem::canonical(directory.path()).string() + "/out");
  CHECK(*a->identify() == *b->identify());
  CHECK(*a->identify() != *elsewhere->identify());
  CHECK(a->shared_options() == b->shared_options());
  const TargetFactory* const good[] = {a.get(), b.get()};
  CHECK(a->open({}, good).ok());
  const TargetFactory* const bad[] = {a.get(), b.get(), again.get()};
  CHECK(a->open({}, bad).status().message() == "two file sinks write to " +
                                                   std::filesystem::canonical(directory.path()).string() +
                                                   "/out with the prefix 'a': give them different prefixes");
}

TEST_CASE("A directory that cannot be made is an error at the start") {
  const TemporaryDirectory directory;
  write_bytes(directory / "file", "");
  SinkManifest manifest;
  SinkAttempt attempt(sink_to(directory / "file/out"), manifest, real());
  CHECK(attempt.start().message() == "cannot make directory " + directory / "file" + ": Not a directory");
}

TEST_CASE("A record with a newline is an error") {
  const TemporaryDirectory directory;
  SinkManifest manifest;
  SinkAttempt attempt(sink_to(directory.path()), manifest, real());
  REQUIRE(attempt.start().ok());
  CHECK(attempt.write(0, {"a\nb"}).message() ==
        "sink 'out': a record contains a newline, so it cannot be a line; encode it as JSON");
}

TEST_CASE("Sink options that cannot work are refused") {
  const auto check = [](FileSinkOptions<int> options) {
    return std::string(file_sink<int>(std::move(options)).factory()->check().message());
  };
  CHECK(check({}) == "file sink: the option `directory` is empty");
  CHECK_THAT(check({.directory = "d", .prefix = ""}), Catch::Contains("the option `prefix` is ''"));
  CHECK_THAT(check({.directory = "d", .prefix = "a/b"}), Catch::Contains("the option `prefix` is 'a/b'"));
  CHECK_THAT(check({.directory = "d", .prefix = ".a"}), Catch::Contains("the option `prefix` is '.a'"));
  CHECK_THAT(check({.directory = "d", .extension = "txt"}),
             Catch::Contains("the option `extension` is 'txt'"));
  CHECK_THAT(check({.directory = "d", .roll_bytes = 0}), Catch::Contains("the option `roll_bytes` is 0"));
  CHECK(check({.directory = "d", .prefix = "a-b_c.9", .extension = ".txt"}).empty());
}

TEST_CASE("A commit stops between files when the job does") {
  const TemporaryDirectory directory;
  const Sink<std::string> sink = sink_to(directory.path());
  Pending pending(sink);
  const auto factory = sink.factory()->target();
  const TargetFactory* const sinks[] = {factory.get()};
  TargetContext context;
  context.cancelled = [] { return true; };
  auto target = *factory->open(std::move(context), sinks);
  CHECK(absl::IsCancelled(target->commit(pending.manifest.progress.chain).status()));
  CHECK(names_in(directory.path(), true).empty());
}
