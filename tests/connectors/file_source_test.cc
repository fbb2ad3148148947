#include <algorithm>

#include "connectors/file/line_position.h"
#include "tests/connectors/compressed_files.h"
#include "tests/connectors/random_record.h"
#include "tests/connectors/source_driver.h"
#include "tests/support/catch.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"
#include "weir/file.h"

using namespace weir;
using namespace weir::test;

namespace {

Source<std::string> lines_of(const std::string& path) { return file_source<std::string>({.path = path}); }

/// The error of reading to the end, or "".
template <class T>
std::string error_of(const Source<T>& source, const std::vector<SplitPosition>* restored = nullptr) {
  SourceDriver<T> driver(source);
  if (absl::Status status = driver.open(restored); !status.ok()) return std::string(status.message());
  return std::string(driver.drain().message());
}

std::vector<std::string> read_all(const Source<std::string>& source, size_t max_records = 1024) {
  SourceDriver<std::string> driver(source);
  REQUIRE(driver.open().ok());
  REQUIRE(driver.drain(max_records).ok());
  return driver.values();
}

std::string numbered_lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "line " + std::to_string(i) + std::string(static_cast<size_t>(i) % 50, '.') + "\n";
  return text;
}

}  // namespace

TEST_CASE("Lines come with their numbers, from plain and compressed files") {
  const TemporaryDirectory directory;
  const std::string path = directory / ("a.txt" + GENERATE(as<std::string>(), "", ".gz", ".zst"));
  write_lines(path, "one\n\nthree\r\n four");
  SourceDriver<std::string> driver(lines_of(path));
  REQUIRE(driver.open().ok());
  REQUIRE(driver.drain(GENERATE(1, 2, 1024)).ok());
  using Record = SourceDriver<std::string>::Record;
  CHECK(driver.records == std::vector<Record>{{path, 1, kMinTimestamp, "one"},
                                              {path, 2, kMinTimestamp, ""},
                                              {path, 3, kMinTimestamp, "three\r"},
                                              {path, 4, kMinTimestamp, " four"}});
  CHECK(driver.positions() == std::vector<SplitPosition>{{path, "line:5,byte:17,end"}});
}

TEST_CASE("Blank lines are no JSON records but count as lines") {
  const TemporaryDirectory directory;
  write_lines(directory / "a.jsonl", "\n1\n \t\r\n2\n\n");
  SourceDriver<int> driver(file_source<int>({.path = directory / "a.jsonl"}));
  REQUIRE(driver.open().ok());
  REQUIRE(driver.drain(1).ok());
  REQUIRE(driver.values() == std::vector<int>{1, 2});
  CHECK(driver.records[0].offset == 2);
  CHECK(driver.records[1].offset == 4);
}

TEST_CASE("Empty files have no records") {
  const TemporaryDirectory directory;
  write_bytes(directory / "a", "");
  write_bytes(directory / "b.gz", gzip(""));
  write_bytes(directory / "c.zst", zstd(""));
  CHECK(read_all(
            file_source<std::string>({.paths = {directory / "a", directory / "b.gz", directory / "c.zst"}}))
            .empty());
}

TEST_CASE("Reading goes on at every line, whatever the compression") {
  const TemporaryDirectory directory;
  const std::string path = directory / ("a" + GENERATE(as<std::string>(), "", ".gz", ".zst"));
  const std::string text = GENERATE(as<std::string>(), "a\nbb\n\nccc\nd", "a\nbb\n\nccc\nd\n", "\n\n", "x");
  write_lines(path, text);
  const std::vector<std::string> all = read_all(lines_of(path));
  for (size_t stop = 0; stop <= all.size() + 2; ++stop) {
    SourceDriver<std::string> first(lines_of(path));
    REQUIRE(first.open().ok());
    for (size_t i = 0; i < stop; ++i) REQUIRE(first.step(1).ok());
    const std::vector<SplitPosition> positions = first.positions();
    SourceDriver<std::string> second(lines_of(path));
    REQUIRE(second.open(&positions).ok());
    // Perhaps without ",end": that there is nothing more is found out by reading.
    REQUIRE(positions[0].position.starts_with(second.positions()[0].position));
    REQUIRE(second.drain(1).ok());
    std::vector<std::string> both = first.values();
    for (const std::string& value : second.values()) both.push_back(value);
    REQUIRE(both == all);
    REQUIRE(second.records.size() + first.records.size() == all.size());
    if (!second.records.empty()) REQUIRE(second.records.back().offset == static_cast<int64_t>(all.size()));
  }
}

TEST_CASE("Random files and stops: everything once, in order") {
  const TemporaryDirectory directory;
  RandomRecords random(seed());
  for (int round = 0; round < 30; ++round) {
    std::vector<std::string> paths;
    std::map<std::string, std::vector<std::string>> expected;
    for (uint64_t file = 0; file < 1 + random.below(5); ++file) {
      const char* suffixes[] = {"", ".gz", ".zst"};
      paths.push_back(directory /
                      (std::to_string(round) + "-" + std::to_string(file) + suffixes[random.below(3)]));
      std::string text;
      for (uint64_t line = random.below(3000); line > 0; --line) {
        // Now and then longer than a piece that is read at once.
        std::string value(random.below(200) == 0 ? random.below(400000) : random.below(80),
                          static_cast<char>('a' + line % 26));
        text += value + "\n";
        expected[paths.back()].push_back(std::move(value));
      }
      write_lines(paths.back(), text);
    }
    const Source<std::string> source = file_source<std::string>({.paths = paths});
    std::vector<SplitPosition> positions;
    std::map<std::string, std::vector<std::string>> read;
    bool restored = false;
    for (bool more = true; more; restored = true) {
      SourceDriver<std::string> driver(source, static_cast<int>(1 + random.below(4)));
      REQUIRE(driver.open(restored ? &positions : nullptr).ok());
      for (uint64_t steps = 1 + random.below(60); steps > 0 && more; --steps) {
        const absl::StatusOr<Poll> poll = driver.step(1 + random.below(500));
        REQUIRE(poll.ok());
        more = *poll != Poll::kEnd;
      }
      for (auto& record : driver.records) read[record.split].push_back(std::move(record.value));
      positions = driver.positions();
    }
    REQUIRE(read == expected);
  }
}

TEST_CASE("Patterns are sorted, files take turns and belong to workers in turns") {
  const TemporaryDirectory directory;
  for (const char* name : {"b.txt", "a.txt", "c.txt", "x.log"})
    write_bytes(directory / name, std::string(name) + "1\n" + name + "2\n");
  SourceDriver<std::string> driver(lines_of(directory / "*.txt"), 2);
  REQUIRE(driver.open().ok());
  REQUIRE(driver.positions().size() == 3);
  CHECK(driver.positions()[0].split == directory / "a.txt");
  CHECK(driver.positions()[1].split == directory / "c.txt");
  CHECK(driver.positions()[2].split == directory / "b.txt");
  REQUIRE(driver.drain(1).ok());
  CHECK(driver.values() ==
        std::vector<std::string>{"a.txt1", "b.txt1", "c.txt1", "b.txt2", "a.txt2", "c.txt2"});
}

TEST_CASE("A worker without a file is at its end at once") {
  const TemporaryDirectory directory;
  write_bytes(directory / "a", "1\n");
  SourceDriver<std::string> driver(lines_of(directory / "a"), 3);
  REQUIRE(driver.open().ok());
  REQUIRE(driver.drain().ok());
  CHECK(driver.records.size() == 1);
}

TEST_CASE("The rate is that of all files on all workers") {
  const TemporaryDirectory directory;
  for (const char* name : {"a", "b", "c", "d"}) write_bytes(directory / name, numbered_lines(2000));
  SourceDriver<std::string> driver(file_source<std::string>({.path = directory / "?", .rate = 500}),
                                   GENERATE(1, 3));
  REQUIRE(driver.open().ok());
  for (int i = 0; i < 200; ++i) {
    driver.clock.advance(Duration{10});
    while (*driver.step(1024) != Poll::kIdle) {
    }
  }
  CHECK(driver.records.size() == 1000);
}

TEST_CASE("Paths that cannot be read are refused before anything runs") {
  const TemporaryDirectory directory;
  write_bytes(directory / "a", "");
  const auto check = [](FileSourceOptions<int> options) {
    return std::string(file_source<int>(std::move(options)).factory()->check().message());
  };
  const std::string a = directory / "a";
  const std::string missing = directory / "missing";
  CHECK(check({}) == "file source: the options `path` and `paths` are empty");
  CHECK(check({.path = missing}) == "cannot open " + missing + ": No such file or directory");
  CHECK(check({.path = missing + "*"}) == "no file matches " + missing + "*");
  CHECK(check({.path = directory.path()}) == "cannot read " + directory.path() + ": Is a directory");
  CHECK(check({.path = a, .paths = {directory / "?"}}) == "file source: " + a + " is named twice");
  CHECK(check({.path = a, .rate = -1}) == "file source: the option `rate` is -1, not 0 to 1e12");
  CHECK(check({.path = a, .max_line_bytes = 0}) ==
        "file source: the option `max_line_bytes` is 0, not 1 to 1073741824");
  CHECK(check({.path = a}).empty());
}

TEST_CASE("A record that cannot be decoded is named by file and line, a last one without newline as such") {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.jsonl";
  write_bytes(path, "1\n2\nx\n");
  CHECK(error_of(file_source<Leg>({.path = path})) ==
        "source 'in': cannot decode " + path + " line 1: expected object, found integer");
  write_bytes(path, "{\"origin\":\"a\",\"at\":1}\n{\"origin\":\"b\",\"a");
  CHECK_THAT(error_of(file_source<Leg>({.path = path})),
             Catch::StartsWith("source 'in': cannot decode " + path +
                               " line 2 (the last, without a newline: half written?): not JSON"));
}

TEST_CASE("A line that is too long is an error, one of just the limit is not") {
  const TemporaryDirectory directory;
  const std::string path = directory / "a";
  const std::string message =
      "source 'in': " + path + " line 2 is longer than 5 bytes; raise .max_line_bytes if that is right";
  const auto source = file_source<std::string>({.path = path, .max_line_bytes = 5});
  write_bytes(path, "12345\n12345\n12345");
  CHECK(error_of(source).empty());
  write_bytes(path, "12345\n123456\n");
  CHECK(error_of(source) == message);
  write_bytes(path, "12345\n123456");
  CHECK(error_of(source) == message);
  write_bytes(path, "12345\n" + std::string(1000000, 'x'));
  CHECK(error_of(source) == message);
}

TEST_CASE("Compressed files that are cut off or damaged are errors that name file and byte") {
  const TemporaryDirectory directory;
  const std::string text = numbered_lines(20000);
  for (const std::string& suffix : {std::string(".gz"), std::string(".zst")}) {
    const std::string path = directory / ("a" + suffix);
    const std::string whole = suffix == ".gz" ? gzip(text) : zstd(text);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{5}, whole.size() / 2, whole.size() - 1}) {
      write_bytes(path, std::string_view(whole).substr(0, size));
      REQUIRE(error_of(lines_of(path)) == "source 'in': " + path + " ends in the middle of its " +
                                              (suffix == ".gz" ? "gzip" : "zstd") + " data, at byte " +
                                              std::to_string(size) + ": it was cut off");
    }
    write_bytes(path, text);
    CHECK_THAT(error_of(lines_of(path)), Catch::StartsWith("source 'in': " + path + " is damaged or not "));
    write_bytes(path, whole + "rubbish behind it");
    CHECK_THAT(error_of(lines_of(path)), Catch::StartsWith("source 'in': " + path + " is damaged or not "));
  }
}

TEST_CASE("Hostile compressed bytes end in lines or an error") {
  const TemporaryDirectory directory;
  RandomRecords random(seed());
  for (int i = 0; i < 400; ++i) {
    const std::string path = directory / (i % 2 == 0 ? "a.gz" : "a.zst");
    std::string bytes = i % 2 == 0 ? gzip(numbered_lines(300)) : zstd(numbered_lines(300));
    for (uint64_t damages = 1 + random.below(3); damages > 0; --damages) random.damage(bytes);
    write_bytes(path, bytes);
    const std::string error = error_of(lines_of(path));
    if (!error.empty()) REQUIRE_THAT(error, Catch::Contains(path));
  }
}

TEST_CASE("A file that does not fit the checkpoint's position is an error") {
  const TemporaryDirectory directory;
  const std::string suffix = GENERATE(as<std::string>(), "", ".gz", ".zst");
  const std::string path = directory / ("a" + suffix);
  write_lines(path, "one\ntwo\nthree");
  const auto restore = [&](const std::string& position) {
    const std::vector<SplitPosition> positions = {{path, position}};
    return error_of(lines_of(path), &positions);
  };
  CHECK(restore("line:2,byte:4").empty());
  CHECK(restore("line:3,byte:8").empty());
  CHECK(restore("line:4,byte:13,end").empty());
  CHECK(restore("line:9,byte:99") ==
        "source 'in': " + path +
            " has 13 bytes, but the checkpoint's position in it is line:9,byte:99: it was cut "
            "off or replaced");
  CHECK_THAT(restore("line:2,byte:5"), Catch::Contains("is not the start of a line"));
  CHECK_THAT(restore("line:4,byte:12,end"), Catch::Contains("its last line went on later"));
  for (const char* bad :
       {"", "7", "line:0,byte:0", "line:1,byte:", "line:1,byte:0,", "line:-1,byte:0", "byte:0,line:1"}) {
    CHECK_THAT(restore(bad), Catch::Contains("is not one of a file"));
  }
}

TEST_CASE("Lines that are added behind the end are read after a restart") {
  const TemporaryDirectory directory;
  const std::string path = directory / "a";
  write_bytes(path, "1\n2\n");
  SourceDriver<std::string> first(lines_of(path));
  REQUIRE(first.open().ok());
  REQUIRE(first.drain().ok());
  write_bytes(path, "1\n2\n3\n");
  const std::vector<SplitPosition> positions = first.positions();
  SourceDriver<std::string> second(lines_of(path));
  REQUIRE(second.open(&positions).ok());
  REQUIRE(second.drain().ok());
  REQUIRE(second.values() == std::vector<std::string>{"3"});
  CHECK(second.records[0].offset == 3);
}

TEST_CASE(
    "A file may vanish from the paths only after it was read to its end; new ones are read from the start") {
  const TemporaryDirectory directory;
  write_bytes(directory / "new", "1\n");
  const std::vector<SplitPosition> read = {{"gone", "line:3,byte:9,end"}};
  SourceDriver<std::string> driver(lines_of(directory / "new"));
  REQUIRE(driver.open(&read).ok());
  REQUIRE(driver.drain().ok());
  CHECK(driver.records.size() == 1);
  const std::vector<SplitPosition> unread = {{"gone", "line:3,byte:9"}};
  CHECK(error_of(lines_of(directory / "new"), &unread) ==
        "source 'in': the checkpoint stands at line:3,byte:9 of gone, which no path names any more: put the "
        "file back");
}

TEST_CASE("A position is its own text") {
  LinePosition position;
  REQUIRE(position.parse("line:123,byte:4567"));
  CHECK(position == LinePosition{123, 4567, false});
  CHECK(position.to_string() == "line:123,byte:4567");
  REQUIRE(position.parse("line:123,byte:4567,end"));
  CHECK(position == LinePosition{123, 4567, true});
  CHECK(position.to_string() == "line:123,byte:4567,end");
}
