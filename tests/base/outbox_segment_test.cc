// Segment files: what is written is read, and no bytes whatever make the reader do anything but refuse.

#include <fstream>
#include <iterator>
#include <random>

#include "runtime/base/outbox_reader.h"
#include "runtime/base/outbox_segment_writer.h"
#include "tests/support/catch.h"
#include "tests/support/failing_file_system.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

using outbox_format::Compression;

struct OwnedRecord {
  std::string topic, key, value, header;
  OutboxRecord view;
};

std::vector<OwnedRecord> sample_records(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<OwnedRecord> records(count);
  for (size_t i = 0; i < count; ++i) {
    OwnedRecord& r = records[i];
    r.topic = "topic-" + std::to_string(random() % 3);
    r.key = std::string(random() % 9, 'k');
    r.value = std::string(random() % 300, static_cast<char>('a' + random() % 26));
    r.header = std::to_string(i);
    r.view.topic = r.topic;
    r.view.partition = static_cast<int32_t>(random() % 5);
    r.view.has_key = random() % 4 != 0;
    if (r.view.has_key) r.view.key = r.key;
    r.view.has_value = random() % 5 != 0;
    if (r.view.has_value) r.view.value = r.value;
    r.view.time = from_millis(static_cast<int64_t>(random() % 2'000'000'000'000));
    if (random() % 3 == 0) r.view.headers = {{"n", r.header, true}, {"empty", "", true}, {"null", "", false}};
  }
  return records;
}

Segment write_segment(const std::string& directory, const std::string& name,
                      const std::vector<OwnedRecord>& records, Compression compression) {
  auto writer = OutboxSegmentWriter::create(real_file_system(), directory, name, "kafka:abc", compression);
  REQUIRE(writer.ok());
  for (const OwnedRecord& record : records) REQUIRE((*writer)->append(record.view).ok());
  auto segment = (*writer)->seal();
  REQUIRE(segment.ok());
  return *segment;
}

/// Reads until the end or the first error; the number of records.
absl::StatusOr<uint64_t> read_all(const std::string& path) {
  auto reader = OutboxReader::open(real_file_system(), path);
  if (!reader.ok()) return reader.status();
  OutboxRecord record;
  for (uint64_t count = 0;; ++count) {
    auto more = reader->next(record);
    if (!more.ok()) return more.status();
    if (!*more) return count;
  }
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void put_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("a segment gives back its records in order, compressed or not") {
  const auto compression = GENERATE(Compression::kNone, Compression::kLz4);
  const test::TemporaryDirectory directory;
  const auto records = sample_records(3000, test::seed());
  const Segment segment = write_segment(directory.path(), "a1-w0-bars-1.seg", records, compression);
  CHECK(segment.records == records.size());
  CHECK(verify_segment(real_file_system(), directory.path(), segment).ok());

  auto reader = OutboxReader::open(real_file_system(), directory / segment.name);
  REQUIRE(reader.ok());
  CHECK(reader->target() == "kafka:abc");
  OutboxRecord record;
  for (const OwnedRecord& expected : records) {
    auto more = reader->next(record);
    REQUIRE(more.ok());
    REQUIRE(*more);
    REQUIRE(record == expected.view);
  }
  auto more = reader->next(record);
  REQUIRE(more.ok());
  CHECK_FALSE(*more);
}

TEST_CASE("a record larger than a frame's target size gets a frame of its own") {
  const test::TemporaryDirectory directory;
  std::vector<OwnedRecord> records = sample_records(3, 1);
  records[1].value = std::string(3'000'000, 'x');
  records[1].view.value = records[1].value;
  records[1].view.has_value = true;
  const Segment segment = write_segment(directory.path(), "a.seg", records, Compression::kLz4);
  CHECK(segment.bytes < 100'000);
  auto count = read_all(directory / "a.seg");
  REQUIRE(count.ok());
  CHECK(*count == 3);
}

TEST_CASE("a segment's name is taken once") {
  const test::TemporaryDirectory directory;
  write_segment(directory.path(), "a.seg", sample_records(1, 1), Compression::kNone);
  const auto again = OutboxSegmentWriter::create(real_file_system(), directory.path(), "a.seg", "kafka:abc",
                                                 Compression::kNone);
  CHECK(absl::IsAlreadyExists(again.status()));
}

TEST_CASE("the file is synced before its directory, and both before seal returns") {
  const test::TemporaryDirectory directory;
  test::FailingFileSystem files;
  auto writer =
      OutboxSegmentWriter::create(files, directory.path(), "a.seg", "kafka:abc", Compression::kNone);
  REQUIRE(writer.ok());
  const auto records = sample_records(1, 1);
  REQUIRE((*writer)->append(records[0].view).ok());
  REQUIRE((*writer)->seal().ok());
  const std::vector<std::string> journal = files.journal();
  REQUIRE(journal.size() >= 3);
  CHECK(journal.back() == "sync_directory " + directory.path());
  const auto sync = std::find(journal.begin(), journal.end(), "sync " + (directory / "a.seg"));
  CHECK(sync != journal.end());
}

TEST_CASE("any failing operation makes create, append or seal fail") {
  const auto records = sample_records(2000, 7);
  uint64_t operations = 0;
  {
    const test::TemporaryDirectory directory;
    test::FailingFileSystem files;
    auto writer = OutboxSegmentWriter::create(files, directory.path(), "a", "t", Compression::kNone);
    for (const auto& record : records) REQUIRE((*writer)->append(record.view).ok());
    REQUIRE((*writer)->seal().ok());
    operations = files.operations();
  }
  REQUIRE(operations > 5);
  for (uint64_t n = 1; n <= operations; ++n) {
    const test::TemporaryDirectory directory;
    test::FailingFileSystem files;
    files.fail_at(n);
    bool failed = false;
    auto writer = OutboxSegmentWriter::create(files, directory.path(), "a", "t", Compression::kNone);
    failed = !writer.ok();
    for (size_t i = 0; !failed && i < records.size(); ++i) failed = !(*writer)->append(records[i].view).ok();
    if (!failed) failed = !(*writer)->seal().ok();
    INFO("operation " << n << " of " << operations);
    CHECK(failed);
  }
}

TEST_CASE("a truncated segment is refused with its name and the place, wherever it ends") {
  const test::TemporaryDirectory directory;
  const Segment segment =
      write_segment(directory.path(), "a.seg", sample_records(40, test::seed()), Compression::kLz4);
  const std::string whole = bytes_of(directory / "a.seg");
  for (size_t size = 0; size < whole.size(); ++size) {
    put_bytes(directory / "cut.seg", whole.substr(0, size));
    const auto read = read_all(directory / "cut.seg");
    // Between the header and the first frame the file is a complete, empty one; the manifest knows better.
    if (read.ok()) {
      CHECK(*read == 0);
    } else {
      CHECK(absl::IsDataLoss(read.status()));
      CHECK(std::string(read.status().message()).find("cut.seg") != std::string::npos);
      CHECK(std::string(read.status().message()).find("offset") != std::string::npos);
    }
    put_bytes(directory / "a.seg", whole.substr(0, size));
    CHECK(absl::IsDataLoss(verify_segment(real_file_system(), directory.path(), segment)));
  }
}

TEST_CASE("a flipped bit anywhere is found") {
  const auto compression = GENERATE(Compression::kNone, Compression::kLz4);
  const test::TemporaryDirectory directory;
  const Segment segment =
      write_segment(directory.path(), "a.seg", sample_records(20, test::seed()), compression);
  const std::string whole = bytes_of(directory / "a.seg");
  std::mt19937_64 random(test::seed());
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (random() % 8)));
    put_bytes(directory / "a.seg", flipped);
    INFO("byte " << at);
    CHECK_FALSE(read_all(directory / "a.seg").ok());
    CHECK(absl::IsDataLoss(verify_segment(real_file_system(), directory.path(), segment)));
  }
}

TEST_CASE("random bytes and absurd sizes are refused without reading beyond the file") {
  const test::TemporaryDirectory directory;
  write_segment(directory.path(), "a.seg", sample_records(5, 3), Compression::kLz4);
  const std::string whole = bytes_of(directory / "a.seg");
  const size_t frame = outbox_format::kFixedHeaderBytes + std::string("kafka:abc").size() + 8;
  for (const size_t field : {size_t{0}, size_t{4}, size_t{8}}) {
    std::string absurd = whole;
    absurd.replace(frame + field, 4, "\xff\xff\xff\xff");
    put_bytes(directory / "b.seg", absurd);
    CHECK(absl::IsDataLoss(read_all(directory / "b.seg").status()));
  }
  std::mt19937_64 random(test::seed());
  for (int round = 0; round < 300; ++round) {
    std::string noise = whole.substr(0, random() % (frame + 1));
    for (size_t i = random() % 200; i > 0; --i) noise.push_back(static_cast<char>(random()));
    put_bytes(directory / "b.seg", noise);
    const auto read = read_all(directory / "b.seg");
    if (read.ok()) CHECK(*read == 0);
  }
}

TEST_CASE("a missing segment is refused, not taken for an empty one") {
  const test::TemporaryDirectory directory;
  const Segment segment{"gone.seg", 5, 100, 1};
  const absl::Status status = verify_segment(real_file_system(), directory.path(), segment);
  CHECK(absl::IsDataLoss(status));
  CHECK(std::string(status.message()).find("gone.seg") != std::string::npos);
}

TEST_CASE("format version 1 is what the golden file holds") {
  const test::TemporaryDirectory directory;
  std::vector<OwnedRecord> records(2);
  records[0].view = {"trades", 3, "EWR", true, "{\"price\":1.5}", true, from_millis(1'357'034'400'000), {}};
  records[1].view = {
      "trades", 0, "", false, "", false, from_millis(1), {{"source", "test", true}, {"null", "", false}}};
  write_segment(directory.path(), "new.seg", records, Compression::kNone);
  const std::string written = bytes_of(directory / "new.seg");
  const char* const golden = "base/outbox_v1.seg";
  if (std::getenv("WEIR_UPDATE_GOLDEN") != nullptr) put_bytes(golden, written);
  CHECK(written == bytes_of(golden));
  auto count = read_all(golden);
  REQUIRE(count.ok());
  CHECK(*count == 2);
}

}  // namespace weir
