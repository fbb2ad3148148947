// What sink writers fix and refuse before anything is sent, and the at-least-once sink.

#include "connectors/kafka/record_placement.h"
#include "tests/kafka/delivery.h"
#include "tests/support/catch.h"

namespace weir {
namespace {

using test::create_topic;
using test::OutputJob;
using test::sink_options;

std::string text(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

TEST_CASE("keys go to the partition that Kafka's Java producer chooses") {
  // org.apache.kafka.common.utils.UtilsTest#testMurmur2
  const std::vector<std::pair<std::string, int32_t>> expected = {
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107}};
  for (const auto& [key, hash] : expected) {
    CHECK(static_cast<int32_t>(kafka::murmur2(key)) == hash);
    CHECK(kafka::partition_of_key(key, 7) == (hash & 0x7fffffff) % 7);
  }
}

TEST_CASE(
    "records without key change the partition after some bytes, and workers begin with different ones") {
  kafka::TopicFacts facts{"c", 3, 1'000'000};
  kafka::RecordPlacement first("out", "t", facts, 0, system_clock());
  kafka::RecordPlacement second("out", "t", facts, 1, system_clock());
  const std::string value(6000, 'x');
  std::vector<int32_t> partitions;
  for (int i = 0; i < 12; ++i) partitions.push_back(first.partition({.value = value}));
  CHECK(partitions == std::vector<int32_t>{0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 0, 0});
  CHECK(second.partition({.value = value}) == 1);
}

TEST_CASE("a record's time is fixed: its own, or now where Kafka cannot say it") {
  kafka::RecordPlacement placement("out", "t", {"c", 3, 1'000'000}, 0, system_clock());
  CHECK(placement.time({.time = from_millis(5)}) == from_millis(5));
  CHECK(placement.time({.time = from_millis(0)}) == from_millis(1));
  const Timestamp now = system_clock().now();
  for (const Timestamp unspeakable : {kMinTimestamp, kMaxTimestamp, from_millis(-1)}) {
    CHECK(placement.time({.time = unspeakable}) >= now);
    CHECK(placement.time({.time = unspeakable}) < kMaxTimestamp);
  }
}

TEST_CASE("a record that the topic would not take is refused when it is written, with both sizes") {
  OutputJob job(sink_options(create_topic("small", 1, {{"max.message.bytes", "2000"}})));
  auto writer = job.writer();
  Batch<std::string> batch;
  batch.push_back(std::string(5000, 'x'), from_millis(1));
  const absl::Status status = writer->write(batch);
  REQUIRE(absl::IsInvalidArgument(status));
  for (const std::string part : {"'out'", "5000", "2000", "max.message.bytes"}) {
    CHECK(text(status).find(part) != std::string::npos);
  }
}

TEST_CASE("many small records for a topic that takes small batches only arrive") {
  const std::string topic = create_topic("small", 1, {{"max.message.bytes", "2000"}});
  OutputJob job(sink_options(topic));
  auto target = job.instance("first");
  REQUIRE(target->recover(TargetProgress{}, true).ok());
  const EpochOutput one = job.epoch(1, std::vector<std::string>(500, std::string(700, 'x')));
  const auto committed = target->commit({&one, 1});
  INFO(committed.status().ToString());
  REQUIRE(committed.ok());
  CHECK(test::committed_values(topic).size() == 500);
}

TEST_CASE("a sink for an unknown topic fails at open, naming it") {
  const std::string topic = test::unique_name("nowhere");
  OutputJob job(sink_options(topic));
  auto writer = job.sink().make();
  const absl::Status status =
      writer->open({.id = "out", .job = "j", .outbox = job.outbox(), .clock = system_clock()});
  CHECK(absl::IsNotFound(status));
  CHECK(text(status).find(topic) != std::string::npos);
  CHECK(text(status).find("'out'") != std::string::npos);
}

TEST_CASE("at least once: seal waits until everything is written, and nothing has to be committed") {
  const std::string topic = create_topic("direct", 3);
  auto options = sink_options(topic);
  options.delivery = Delivery::kAtLeastOnce;
  OutputJob job(options);
  CHECK(job.sink().target() == nullptr);
  auto writer = job.writer();
  for (int part = 0; part < 10; ++part) {
    Batch<std::string> batch;
    for (int i = 0; i < 1000; ++i) batch.push_back(std::to_string(part * 1000 + i), from_millis(7));
    REQUIRE(writer->write(batch).ok());
    REQUIRE(writer->ready());
  }
  auto sealed = writer->seal(Epoch{1})();
  REQUIRE(sealed.ok());
  CHECK(sealed->empty());
  const auto records = test::read_committed(topic);
  CHECK(records.size() == 10'000);
  CHECK(records[0].time == 7);
}

TEST_CASE("at least once: what cannot be written fails the seal, in bounded time") {
  const std::string topic = create_topic("direct", 1);
  auto options = sink_options(topic);
  options.delivery = Delivery::kAtLeastOnce;
  options.properties = {{"message.timeout.ms", "1000"}};
  OutputJob job(options);
  auto writer = job.writer();
  Batch<std::string> batch;
  batch.push_back("x", from_millis(1));
  REQUIRE(writer->write(batch).ok());
  REQUIRE(writer->seal(Epoch{1})().ok());
  test::delete_topic(topic);
  REQUIRE(writer->write(batch).ok());
  const auto sealed = writer->seal(Epoch{2})();
  REQUIRE_FALSE(sealed.ok());
  CHECK(text(sealed.status()).find(topic) != std::string::npos);
}

TEST_CASE("options that the guarantee rests on cannot be set, and shared options do not show secrets") {
  auto options = sink_options("out");
  options.brokers = "localhost:9092";
  for (const std::string property :
       {"acks", "enable.idempotence", "transactional.id", "transaction.timeout.ms"}) {
    options.properties = {{property, "1"}};
    const absl::Status status = kafka_sink<std::string>(options).factory()->check();
    CHECK(absl::IsInvalidArgument(status));
    CHECK(text(status).find(property) != std::string::npos);
  }
  options.properties = {{"sasl.password", "hunter2"}, {"linger.ms", "3"}};
  REQUIRE(kafka_sink<std::string>(options).factory()->check().ok());
  const std::string shared = kafka_sink<std::string>(options).factory()->target()->shared_options();
  CHECK(shared.find("hunter2") == std::string::npos);
  CHECK(shared.find("linger.ms=3") != std::string::npos);
  options.properties["sasl.password"] = "hunter3";
  CHECK(kafka_sink<std::string>(options).factory()->target()->shared_options() != shared);
}

TEST_CASE("a marker is what it was after a trip through JSON, and nothing else is a marker") {
  kafka::Marker marker;
  marker.job = "market";
  marker.incarnation = "0011";
  marker.epoch = Epoch{(uint64_t{1} << 63) + 5};
  marker.cut = Cut::draw();
  marker.owner = "host \"7\"";
  marker.records = 12;
  marker.claim = 3;
  auto parsed = kafka::Marker::parse(marker.to_json());
  REQUIRE(parsed.ok());
  CHECK(*parsed == marker);
  for (const std::string bad : {"", "{", "[]", "{}", "7", R"({"version":1})", R"({"version":2,"epoch":1})",
                                R"({"version":1,"epoch":-1,"cut":"0","records":0,"claim":0})"}) {
    CHECK_FALSE(kafka::Marker::parse(bad).ok());
  }
}

}  // namespace weir
