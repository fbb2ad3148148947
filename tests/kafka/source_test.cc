// The Kafka source against a real broker.

#include <set>

#include "tests/kafka/broker.h"
#include "tests/support/catch.h"
#include "weir/kafka.h"

namespace weir {
namespace {

using test::create_topic;
using test::eventually;
using test::kafka_bootstrap;
using test::produce;

std::vector<test::KafkaRecord> numbered(int from, int to, int partitions) {
  std::vector<test::KafkaRecord> records;
  for (int i = from; i < to; ++i) {
    test::KafkaRecord record;
    record.key = "k";
    record.value = std::to_string(i);
    record.partition = i % partitions;
    record.time = 1000 + i;
    records.push_back(record);
  }
  return records;
}

KafkaSourceOptions<std::string> options_for(const std::string& topic) {
  KafkaSourceOptions<std::string> options;
  options.brokers = kafka_bootstrap();
  options.topic = topic;
  return options;
}

struct Reading {
  std::unique_ptr<SourceReader<std::string>> reader;
  std::vector<std::string> values;
  std::vector<SplitPosition> positions;
  std::map<std::string, std::vector<int64_t>> offsets;
  std::vector<Timestamp> times;
  absl::Status status;
  std::shared_ptr<std::atomic<int>> wakes = std::make_shared<std::atomic<int>>(0);
  bool ended = false;

  absl::Status open(const KafkaSourceOptions<std::string>& options, std::vector<SplitPosition> restored = {},
                    bool is_restored = false, int worker = 0, int workers = 1) {
    SourceContext context{.id = "in", .job = "job", .clock = system_clock()};
    context.worker = worker;
    context.workers = workers;
    context.restored = std::move(restored);
    context.is_restored = is_restored;
    context.wake = [count = wakes] { ++*count; };
    reader = kafka_source<std::string>(options).factory()->make();
    return reader->open(std::move(context));
  }

  /// One poll; true when it gave something.
  bool step(size_t max_records = 100) {
    Batch<std::string> batch;
    const auto polled = reader->poll(max_records, batch);
    if (!polled.ok()) {
      status = polled.status();
      return false;
    }
    ended = *polled == Poll::kEnd;
    for (size_t i = 0; i < batch.values.size(); ++i) {
      values.push_back(batch.values[i]);
      offsets[*batch.split].push_back(batch.offsets[i]);
      times.push_back(batch.times[i]);
    }
    return !batch.values.empty();
  }
  bool until(size_t count) {
    return eventually([&] { return step(), !status.ok() || values.size() >= count; }) && status.ok();
  }
  bool until_end() {
    return eventually([&] { return step(), !status.ok() || ended; }) && status.ok();
  }
  std::set<std::string> distinct() const { return {values.begin(), values.end()}; }
};

std::string text(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

TEST_CASE(
    "from the earliest offset a source reads everything, in order within a partition, with Kafka's times") {
  const std::string topic = create_topic("earliest", 3);
  produce(topic, numbered(0, 300, 3));
  Reading reading;
  REQUIRE(reading.open(options_for(topic)).ok());
  REQUIRE(reading.until(300));
  CHECK(reading.distinct().size() == 300);
  CHECK(reading.offsets.size() == 3);
  for (const auto& [split, offsets] : reading.offsets) {
    CHECK(split.substr(0, topic.size() + 1) == topic + "/");
    for (size_t i = 0; i < offsets.size(); ++i) REQUIRE(offsets[i] == static_cast<int64_t>(i));
  }
  for (size_t i = 0; i < reading.values.size(); ++i) {
    REQUIRE(to_millis(reading.times[i]) == 1000 + std::stoi(reading.values[i]));
  }
  for (const SplitPosition& position : reading.reader->positions()) CHECK(position.position == "100");
}

TEST_CASE("batch size one gives one record a poll") {
  const std::string topic = create_topic("single", 2);
  produce(topic, numbered(0, 20, 2));
  Reading reading;
  REQUIRE(reading.open(options_for(topic)).ok());
  REQUIRE(eventually([&] {
    const size_t before = reading.values.size();
    reading.step(1);
    REQUIRE(reading.values.size() - before <= 1);
    return reading.values.size() == 20;
  }));
}

TEST_CASE("from the latest offset only what comes later is read, and the position is a number at once") {
  const std::string topic = create_topic("latest", 1);
  produce(topic, numbered(0, 10, 1));
  auto options = options_for(topic);
  options.start = KafkaStart::latest();
  Reading reading;
  REQUIRE(reading.open(options).ok());
  REQUIRE(reading.reader->positions() == std::vector<SplitPosition>{{topic + "/0", "10"}});
  produce(topic, numbered(10, 15, 1));
  REQUIRE(reading.until(5));
  CHECK(reading.values.front() == "10");
}

TEST_CASE("from a timestamp reading begins with the first record that is not older") {
  const std::string topic = create_topic("timestamp", 1);
  produce(topic, numbered(0, 10, 1));
  auto options = options_for(topic);
  options.start = KafkaStart::timestamp(from_millis(1004));
  Reading reading;
  REQUIRE(reading.open(options).ok());
  REQUIRE(reading.until(6));
  CHECK(reading.values.front() == "4");

  options.start = KafkaStart::timestamp(from_millis(99'999));
  Reading beyond;
  REQUIRE(beyond.open(options).ok());
  CHECK(beyond.reader->positions()[0].position == "10");
}

TEST_CASE("offsets can be named, for every partition, inside what is there") {
  const std::string topic = create_topic("offsets", 2);
  produce(topic, numbered(0, 20, 2));
  auto options = options_for(topic);
  options.start = KafkaStart::offsets({{0, 8}, {1, 10}});
  Reading reading;
  REQUIRE(reading.open(options).ok());
  REQUIRE(reading.until(2));
  CHECK(reading.distinct() == std::set<std::string>{"16", "18"});

  options.start = KafkaStart::offsets({{0, 8}});
  const absl::Status missing = Reading().open(options);
  CHECK(text(missing).find("partition 1") != std::string::npos);

  options.start = KafkaStart::offsets({{0, 8}, {1, 11}});
  const absl::Status beyond = Reading().open(options);
  CHECK(absl::IsOutOfRange(beyond));
}

TEST_CASE("a bounded source ends at the end there was at open, and keeps that end over a restart") {
  const std::string topic = create_topic("bounded", 2);
  produce(topic, numbered(0, 100, 2));
  auto options = options_for(topic);
  options.bounded = true;
  Reading reading;
  REQUIRE(reading.open(options).ok());
  produce(topic, numbered(100, 150, 2));
  REQUIRE(reading.until_end());
  CHECK(reading.values.size() == 100);
  for (const auto& position : reading.reader->positions()) CHECK(position.position == "50..50");

  Reading again;
  REQUIRE(again.open(options, {{topic + "/0", "40..50"}, {topic + "/1", "50..50"}}, true).ok());
  REQUIRE(again.until_end());
  CHECK(again.values.size() == 10);
}

TEST_CASE("a bounded source ends although its last offsets are transaction markers and aborted records") {
  const std::string topic = create_topic("bounded-txn", 1);
  {
    test::OpenTransaction committed(test::unique_name("foreign"));
    committed.produce(topic, numbered(0, 5, 1));
    committed.commit();
    test::OpenTransaction aborted(test::unique_name("foreign"));
    aborted.produce(topic, numbered(5, 9, 1));
    aborted.abort();
  }
  auto options = options_for(topic);
  options.bounded = true;
  Reading reading;
  REQUIRE(reading.open(options).ok());
  REQUIRE(reading.until_end());
  CHECK(reading.values.size() == 5);
  // Five records, a commit marker, four aborted records, an abort marker.
  CHECK(reading.reader->positions()[0].position == "11..11");
}

TEST_CASE("an empty bounded source ends at once, and so does a worker without partitions") {
  const std::string topic = create_topic("empty", 1);
  auto options = options_for(topic);
  options.bounded = true;
  Reading reading;
  REQUIRE(reading.open(options).ok());
  CHECK(reading.until_end());
  Reading idle;
  REQUIRE(idle.open(options, {}, false, 1, 2).ok());
  CHECK(idle.until_end());
}

TEST_CASE("reading goes on after the positions of a checkpoint, without gap or repetition") {
  const std::string topic = create_topic("resume", 4);
  produce(topic, numbered(0, 400, 4));
  Reading first;
  REQUIRE(first.open(options_for(topic)).ok());
  REQUIRE(first.until(150));
  const std::vector<SplitPosition> positions = first.reader->positions();
  first.reader->on_checkpoint(positions);
  first.reader.reset();

  std::vector<std::string> all = first.values;
  for (const int worker : {0, 1}) {
    Reading second;
    REQUIRE(second.open(options_for(topic), positions, true, worker, 2).ok());
    for (const auto& position : second.reader->positions()) {
      CHECK(std::stoi(position.split.substr(topic.size() + 1)) % 2 == worker);
    }
    int64_t expected = 0;
    for (const auto& position : second.reader->positions()) expected += 100 - std::stoll(position.position);
    REQUIRE(second.until(static_cast<size_t>(expected)));
    all.insert(all.end(), second.values.begin(), second.values.end());
  }
  CHECK(all.size() == 400);
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 400);
}

TEST_CASE("uncommitted records are not read, and the commit wakes the reader") {
  const std::string topic = create_topic("uncommitted", 1);
  test::OpenTransaction transaction(test::unique_name("foreign"));
  transaction.produce(topic, numbered(0, 3, 1));
  Reading reading;
  REQUIRE(reading.open(options_for(topic)).ok());
  reading.step();
  CHECK(reading.values.empty());
  const int before = *reading.wakes;
  transaction.commit();
  REQUIRE(eventually([&] { return *reading.wakes > before; }));
  REQUIRE(reading.until(3));
}

TEST_CASE("new partitions are found and read from their beginning") {
  const std::string topic = create_topic("discovery", 1);
  auto options = options_for(topic);
  options.start = KafkaStart::latest();
  options.discovery_interval = Duration{50};
  Reading reading;
  REQUIRE(reading.open(options).ok());
  reading.step();
  test::add_partitions(topic, 3);
  std::vector<test::KafkaRecord> records = numbered(0, 9, 3);
  produce(topic, records);
  REQUIRE(reading.until(9));
  CHECK(reading.distinct().size() == 9);
  CHECK(reading.reader->positions().size() == 3);
}

TEST_CASE("a partition that the checkpoint does not know is read from its beginning") {
  const std::string topic = create_topic("restored-new", 2);
  produce(topic, numbered(0, 10, 2));
  auto options = options_for(topic);
  options.start = KafkaStart::latest();
  Reading reading;
  REQUIRE(reading.open(options, {{topic + "/0", "5"}}, true).ok());
  REQUIRE(reading.until(5));
  CHECK(reading.distinct() == std::set<std::string>{"1", "3", "5", "7", "9"});
}

TEST_CASE("a position that retention has deleted is an error that names topic, partition, offset and range") {
  const std::string topic = create_topic("retention", 1);
  produce(topic, numbered(0, 50, 1));
  test::delete_records_before(topic, 0, 30);
  Reading reading;
  const absl::Status status = reading.open(options_for(topic), {{topic + "/0", "10"}}, true);
  CHECK(absl::IsOutOfRange(status));
  for (const std::string part : {"'in'", topic.c_str(), "partition 0", "offset 10", "30 to 50"}) {
    CHECK(text(status).find(part) != std::string::npos);
  }
  CHECK(absl::IsOutOfRange(Reading().open(options_for(topic), {{topic + "/0", "51"}}, true)));
  CHECK_FALSE(Reading().open(options_for(topic), {{topic + "/0", "ten"}}, true).ok());
}

TEST_CASE("retention that overtakes a running source is an error, not a gap") {
  const std::string topic = create_topic("overtaken", 1);
  produce(topic, numbered(0, 10, 1));
  auto options = options_for(topic);
  // Small fetches: most of it is still on the broker.
  options.properties = {
      {"queued.min.messages", "1"}, {"fetch.message.max.bytes", "1000"}, {"queued.max.messages.kbytes", "1"}};
  Reading reading;
  REQUIRE(reading.open(options).ok());
  REQUIRE(reading.until(1));
  std::vector<test::KafkaRecord> large = numbered(10, 60, 1);
  for (auto& record : large) record.value += std::string(3000, 'x');
  for (const auto& record : large) produce(topic, {record});
  test::delete_records_before(topic, 0, 60);
  produce(topic, numbered(60, 61, 1));
  const bool complete = reading.until(61);
  // Either everything had been fetched before, or it is refused; never a gap.
  if (!complete) {
    CHECK(absl::IsOutOfRange(reading.status));
    CHECK(text(reading.status).find(topic) != std::string::npos);
  }
  for (const auto& [split, offsets] : reading.offsets) {
    for (size_t i = 0; i < offsets.size(); ++i) REQUIRE(offsets[i] == static_cast<int64_t>(i));
  }
}

TEST_CASE("an unknown topic is an error that names topic and brokers") {
  const absl::Status status = Reading().open(options_for(test::unique_name("nowhere")));
  CHECK(absl::IsNotFound(status));
  CHECK(text(status).find("nowhere") != std::string::npos);
  CHECK(text(status).find(kafka_bootstrap()) != std::string::npos);
}

TEST_CASE("an unreachable broker is an error within bounded time, with its reason") {
  auto options = options_for("trades");
  options.brokers = "127.0.0.1:1";
  const auto begun = std::chrono::steady_clock::now();
  const absl::Status status = Reading().open(options);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(20));
  CHECK(absl::IsUnavailable(status));
  CHECK(text(status).find("127.0.0.1:1") != std::string::npos);
  CHECK(text(status).find("refused") != std::string::npos);
}

TEST_CASE("options that cannot work are refused before anything runs, and secrets are not shown") {
  const auto refused = [](KafkaSourceOptions<std::string> options) {
    return text(kafka_source<std::string>(options).factory()->check());
  };
  KafkaSourceOptions<std::string> options;
  options.brokers = "localhost:9092";
  options.topic = "trades";
  CHECK(refused(options).empty());
  auto wrong = options;
  wrong.brokers.clear();
  CHECK(refused(wrong).find("brokers") != std::string::npos);
  wrong = options;
  wrong.topics = {"trades"};
  CHECK(refused(wrong).find("twice") != std::string::npos);
  wrong = options;
  wrong.properties = {{"enable.auto.commit", "true"}};
  CHECK(refused(wrong).find("enable.auto.commit") != std::string::npos);
  wrong.properties = {{"no.such.property", "hunter2"}};
  CHECK(refused(wrong).find("no.such.property") != std::string::npos);
  wrong.properties = {{"ssl.key.pem.nonsense", "hunter2"}};
  CHECK(refused(wrong).find("ssl.key.pem.nonsense") != std::string::npos);
  CHECK(refused(wrong).find("hunter2") == std::string::npos);
}

TEST_CASE("tombstones are read as empty optionals") {
  const std::string topic = create_topic("tombstones", 1);
  test::KafkaRecord tombstone;
  tombstone.key = "k";
  tombstone.has_value = false;
  produce(topic, {tombstone});
  KafkaSourceOptions<std::optional<int>> options;
  options.brokers = kafka_bootstrap();
  options.topic = topic;
  auto reader = kafka_source<std::optional<int>>(options).factory()->make();
  REQUIRE(reader->open({.id = "in", .job = "job", .clock = system_clock()}).ok());
  Batch<std::optional<int>> batch;
  REQUIRE(eventually([&] { return reader->poll(10, batch).ok() && batch.values.size() == 1; }));
  CHECK_FALSE(batch.values[0].has_value());
}

}  // namespace weir
