// A sink task's outbox: segments by epoch, and the quota that holds writers back without a deadlock (R26).

#include "runtime/base/outbox_writer.h"

#include "runtime/base/file_system.h"
#include "tests/support/catch.h"
#include "tests/support/failing_file_system.h"
#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

struct Fixture {
  test::TemporaryDirectory directory;
  std::shared_ptr<OutboxQuota> quota;
  int wakes = 0;
  int requests = 0;

  explicit Fixture(uint64_t limit) : quota(std::make_shared<OutboxQuota>(limit)) {}

  std::unique_ptr<OutboxWriter> writer(int worker = 0, FileSystem* files = nullptr) {
    SinkContext context{.id = "bars", .job = "market", .clock = system_clock()};
    context.worker = worker;
    context.attempt = 3;
    context.outbox = directory.path();
    context.files = files;
    context.wake = [this] { ++wakes; };
    context.request_checkpoint = [this] { ++requests; };
    return std::make_unique<OutboxWriter>(
        std::move(context), OutboxWriterOptions{"kafka:abc", outbox_format::Compression::kNone, quota});
  }
};

OutboxRecord record_of(std::string_view value) {
  OutboxRecord record;
  record.topic = "bars";
  record.value = value;
  return record;
}

}  // namespace

TEST_CASE("each epoch with records is one segment whose name carries attempt, worker, sink and number") {
  Fixture fixture(1 << 20);
  auto writer = fixture.writer(2);
  REQUIRE(writer->append(record_of("one")).ok());
  REQUIRE(writer->append(record_of("two")).ok());
  auto first = writer->seal(Epoch{1});
  REQUIRE(writer->append(record_of("three")).ok());
  auto second = writer->seal(Epoch{2});
  auto empty = writer->seal(Epoch{3});

  auto segments = first();
  REQUIRE(segments.ok());
  REQUIRE(segments->size() == 1);
  CHECK((*segments)[0].name == "a3-w2-bars-1.seg");
  CHECK((*segments)[0].records == 2);
  segments = second();
  REQUIRE(segments.ok());
  CHECK(segments->at(0).name == "a3-w2-bars-2.seg");
  segments = empty();
  REQUIRE(segments.ok());
  CHECK(segments->empty());
}

TEST_CASE("a failed sync fails the seal job, once and for all") {
  Fixture fixture(1 << 20);
  test::FailingFileSystem files;
  auto writer = fixture.writer(0, &files);
  REQUIRE(writer->append(record_of("one")).ok());
  auto job = writer->seal(Epoch{1});
  files.fail_at(2);
  CHECK_FALSE(job().ok());
}

TEST_CASE(
    "at the limit a writer asks for a checkpoint once, and is not held back before an epoch is decided") {
  Fixture fixture(200'000);
  auto writer = fixture.writer();
  const std::string value(50'000, 'x');
  for (int i = 0; i < 10; ++i) REQUIRE(writer->append(record_of(value)).ok());
  CHECK(fixture.requests == 1);
  CHECK(writer->ready());
  (void)writer->seal(Epoch{1});
  CHECK(writer->ready());
  REQUIRE(writer->append(record_of(value)).ok());
  CHECK(fixture.requests == 2);
}

TEST_CASE("while a decided epoch is being delivered the limit holds all writers back, then wakes them") {
  Fixture fixture(100'000);
  auto full = fixture.writer(0);
  auto other = fixture.writer(1);
  REQUIRE(full->append(record_of(std::string(150'000, 'x'))).ok());
  (void)full->seal(Epoch{1});
  CHECK(other->ready());
  fixture.quota->begin_delivery();
  CHECK_FALSE(full->ready());
  CHECK_FALSE(other->ready());
  fixture.wakes = 0;
  full->on_applied(Epoch{1});
  CHECK(fixture.wakes == 2);
  CHECK(other->ready());
  fixture.quota->end_delivery();
  CHECK(fixture.quota->pending() == 0);
}

TEST_CASE("applying an epoch releases it and the declined ones before it, not later ones") {
  Fixture fixture(1 << 30);
  auto writer = fixture.writer();
  for (const uint64_t epoch : {1, 2, 3}) {
    REQUIRE(writer->append(record_of(std::string(70'000, 'x'))).ok());
    (void)writer->seal(Epoch{epoch});
  }
  const uint64_t all = fixture.quota->pending();
  writer->on_applied(Epoch{2});
  CHECK(fixture.quota->pending() < all / 2);
  CHECK(fixture.quota->pending() >= 70'000);
}

TEST_CASE("a writer that ends gives back what it counted") {
  Fixture fixture(1 << 30);
  {
    auto writer = fixture.writer();
    REQUIRE(writer->append(record_of(std::string(70'000, 'x'))).ok());
    (void)writer->seal(Epoch{1});
    REQUIRE(writer->append(record_of("y")).ok());
    CHECK(fixture.quota->pending() > 70'000);
  }
  CHECK(fixture.quota->pending() == 0);
}

}  // namespace weir
