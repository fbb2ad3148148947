// The deliverer against a real broker: every case of starting again (exactly-once, sections 3 and 4).

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "connectors/kafka/kafka_target.h"
#include "runtime/base/fault_point.h"
#include "runtime/base/outbox_segment_writer.h"
#include "tests/kafka/delivery.h"
#include "tests/support/catch.h"

namespace weir {
namespace {

using test::committed_values;
using test::create_topic;
using test::OutputJob;
using test::progress_of;
using test::sink_options;
using Values = std::vector<std::string>;

std::string text(const absl::Status& status) { return std::string(status.message()); }

/// An instance that has started for the first time and written marker 0.
std::unique_ptr<SinkTarget> first_start(OutputJob& job, const EpochOutput& zero,
                                        const std::string& name = "first") {
  auto target = job.instance(name);
  const auto recovered = target->recover(progress_of({zero}), true);
  REQUIRE(recovered.ok());
  REQUIRE(*recovered == 0);
  const auto committed = target->commit({&zero, 1});
  REQUIRE(committed.ok());
  REQUIRE(*committed);
  return target;
}

void change_file(const std::string& path, const std::function<void(std::string&)>& change) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  in.close();
  change(bytes);
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("the first start writes marker 0; epochs come out in order, each with its marker") {
  OutputJob job(sink_options(create_topic("out", 1)));
  const EpochOutput zero = job.epoch(0, {});
  auto target = first_start(job, zero);
  const EpochOutput one = job.epoch(1, {"a", "b"});
  const EpochOutput two = job.epoch(2, {"c"});
  for (const EpochOutput* epoch : {&one, &two}) {
    const auto committed = target->commit({epoch, 1});
    REQUIRE(committed.ok());
    CHECK(*committed);
  }
  const auto records = test::read_committed(job.sink().describe().substr(std::string("kafka topic ").size()));
  REQUIRE(records.size() == 3);
  CHECK(records[0].value == "a");
  CHECK(records[2].value == "c");
  CHECK(records[0].time == 1'000'000);
  CHECK_FALSE(records[0].has_key);
  const auto markers = job.markers();
  REQUIRE(markers.size() == 3);
  CHECK(markers[2].epoch == Epoch{2});
  CHECK(markers[2].cut == two.cut);
  CHECK(markers[2].owner == "first");
  CHECK(markers[2].records == 1);
  CHECK(test::strictly_increasing(markers));
}

TEST_CASE("several epochs go out in one transaction with the last one's marker") {
  const std::string topic = create_topic("out", 2);
  OutputJob job(sink_options(topic));
  auto target = first_start(job, job.epoch(0, {}));
  const std::vector<EpochOutput> chain = {job.epoch(1, {"a"}), job.epoch(2, {}), job.epoch(3, {"b", "c"})};
  const auto committed = target->commit(chain);
  REQUIRE(committed.ok());
  CHECK(*committed);
  CHECK(committed_values(topic).size() == 3);
  const auto markers = job.markers();
  REQUIRE(markers.size() == 2);
  CHECK(markers[1].epoch == Epoch{3});
  CHECK(markers[1].records == 3);
}

TEST_CASE("an epoch without output writes nothing and says that the marker stayed") {
  OutputJob job(sink_options(create_topic("out", 1)));
  const EpochOutput zero = job.epoch(0, {});
  auto target = first_start(job, zero);
  const EpochOutput one = job.epoch(1, {});
  const auto committed = target->commit({&one, 1});
  REQUIRE(committed.ok());
  CHECK_FALSE(*committed);
  CHECK(job.markers().size() == 1);
  // Recovery still knows the marker, because the base did not move.
  const auto recovered = job.instance("second")->recover(progress_of(zero, {one}), false);
  REQUIRE(recovered.ok());
  CHECK(*recovered == 0);
}

TEST_CASE("death before the first marker: the first start is finished by the next instance") {
  OutputJob job(sink_options(create_topic("out", 1)));
  const EpochOutput zero = job.epoch(0, {});
  REQUIRE(job.instance("first")->recover(progress_of({zero}), true).ok());
  first_start(job, zero, "second");
  CHECK(job.markers().size() == 1);
}

TEST_CASE("death with a transaction open: what it sent is aborted and sent again, once") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  first_start(job, zero).reset();
  const EpochOutput one = job.epoch(1, {"a", "b"});
  test::OpenTransaction dead(job.transactional_id());
  dead.produce(topic, {{.key = "", .value = "a"}, {.key = "", .value = "b"}});

  auto target = job.instance("second");
  const auto recovered = target->recover(progress_of(zero, {one}), false);
  REQUIRE(recovered.ok());
  CHECK(*recovered == 0);
  CHECK(committed_values(topic).empty());
  REQUIRE(target->commit({&one, 1}).ok());
  CHECK(committed_values(topic) == Values{"a", "b"});
  // The dead one wakes up: fenced, and nothing of it becomes visible.
  CHECK_THROWS(dead.commit());
  CHECK(committed_values(topic) == Values{"a", "b"});
}

TEST_CASE("death after commit, before it was noted: the marker says so and nothing is sent again") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  auto target = first_start(job, zero);
  const EpochOutput one = job.epoch(1, {"a"});
  const EpochOutput two = job.epoch(2, {"b"});
  REQUIRE(target->commit({&one, 1}).ok());
  target.reset();

  target = job.instance("second");
  const auto recovered = target->recover(progress_of(zero, {one, two}), false);
  REQUIRE(recovered.ok());
  REQUIRE(*recovered == 1);
  REQUIRE(target->commit({&two, 1}).ok());
  CHECK(committed_values(topic) == Values{"a", "b"});
  const auto markers = job.markers();
  CHECK(test::strictly_increasing(markers));
  // Marker 1 again, claimed by the new instance.
  REQUIRE(markers.size() == 4);
  CHECK(markers[2].epoch == Epoch{1});
  CHECK(markers[2].claim == 1);
  CHECK(markers[2].owner == "second");
}

TEST_CASE("down for longer than the transaction timeout: the broker aborted, the outbox still has it") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  first_start(job, zero).reset();
  const EpochOutput one = job.epoch(1, {"a"});
  // Long enough for the two records below, also when the machine is slow.
  test::OpenTransaction dead(job.transactional_id(), 5000);
  dead.produce(topic, {{.key = "", .value = "a"}});
  dead.produce(job.marker_topic(), {{.key = "weir", .value = "{}"}});
  // A record after it becomes visible only once the broker has ended the transaction.
  test::produce(topic, {{.key = "", .value = "later"}});
  REQUIRE(test::eventually([&] { return committed_values(topic) == Values{"later"}; }, 60));

  auto target = job.instance("second");
  const auto recovered = target->recover(progress_of(zero, {one}), false);
  REQUIRE(recovered.ok());
  CHECK(*recovered == 0);
  REQUIRE(target->commit({&one, 1}).ok());
  CHECK(committed_values(topic) == Values{"later", "a"});
}

TEST_CASE("aborted markers after the last committed one do not count, however many offsets they take") {
  OutputJob job(sink_options(create_topic("out", 1)));
  const EpochOutput zero = job.epoch(0, {});
  first_start(job, zero).reset();
  {
    test::OpenTransaction dead(job.transactional_id());
    std::vector<test::KafkaRecord> records(2500, {.key = "weir", .value = "{}"});
    dead.produce(job.marker_topic(), records);
    dead.abort();
  }
  const auto recovered = job.instance("second")->recover(progress_of(zero, {}), false);
  REQUIRE(recovered.ok());
  CHECK(job.markers().back().owner == "second");
}

TEST_CASE("a commit that was on its way when the instance died is found by reading after init") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  first_start(job, zero).reset();
  const EpochOutput one = job.epoch(1, {"a"});
  kafka::Marker marker;
  marker.epoch = one.epoch;
  marker.cut = one.cut;
  marker.owner = "first";
  test::OpenTransaction dying(job.transactional_id());
  dying.produce(topic, {{.key = "", .value = "a"}});
  dying.produce(job.marker_topic(), {{.key = "weir", .value = marker.to_json()}});
  dying.commit();
  auto target = job.instance("second");
  const auto recovered = target->recover(progress_of(zero, {one}), false);
  REQUIRE(recovered.ok());
  CHECK(*recovered == 1);
  CHECK(committed_values(topic) == Values{"a"});
}

TEST_CASE("a commit that comes through between the first reading and init is found (R22)") {
  if (!kFaultPointsCompiledIn) {
    WARN("built without WEIR_FAULT_POINTS: nothing is tested here");
    return;
  }
  const auto visits = [] { return visited_fault_points()["kafka.recover.before_init"]; };
  bool came_through = false;
  // The old instance's commit races with the new one's init; both may win.
  for (int round = 0; round < 30 && !came_through; ++round) {
    const std::string topic = create_topic("out", 1);
    OutputJob job(sink_options(topic));
    const EpochOutput zero = job.epoch(0, {});
    first_start(job, zero).reset();
    const EpochOutput one = job.epoch(1, {"a"});
    kafka::Marker marker;
    marker.epoch = one.epoch;
    marker.cut = one.cut;
    marker.owner = "first";
    test::OpenTransaction dying(job.transactional_id());
    dying.produce(topic, {{.key = "", .value = "a"}});
    dying.produce(job.marker_topic(), {{.key = "weir", .value = marker.to_json()}});

    auto target = job.instance("second");
    const uint64_t before = visits();
    auto recovered =
        std::async(std::launch::async, [&] { return target->recover(progress_of(zero, {one}), false); });
    while (visits() == before) std::this_thread::yield();
    try {
      dying.commit();
      came_through = true;
    } catch (const std::runtime_error&) {
    }
    const auto delivered = recovered.get();
    REQUIRE(delivered.ok());
    // A commit that reports an error may have come through all the same.
    if (came_through) CHECK(*delivered == 1);
    if (*delivered == 0) REQUIRE(target->commit({&one, 1}).ok());
    CHECK(committed_values(topic) == Values{"a"});
  }
  CHECK(came_through);
}

TEST_CASE("a marker that the checkpoint does not know is refused, without disturbing the live instance") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  auto live = first_start(job, zero, "live");
  const EpochOutput one = job.epoch(1, {"a"});
  REQUIRE(live->commit({&one, 1}).ok());

  EpochOutput other_cut = one;
  other_cut.cut = Cut::draw();
  for (const TargetProgress& stale :
       {progress_of(zero, {}), progress_of(zero, {other_cut}), progress_of(other_cut, {job.epoch(2, {"x"})}),
        progress_of({zero}), TargetProgress{}}) {
    const auto refused = job.instance("stale")->recover(stale, stale.chain.empty() && !stale.has_base);
    REQUIRE(absl::IsFailedPrecondition(refused.status()));
    CHECK(text(refused.status()).find(job.marker_topic()) != std::string::npos);
    CHECK(text(refused.status()).find("epoch 1") != std::string::npos);
    CHECK(text(refused.status()).find(one.cut.to_string()) != std::string::npos);
  }
  const EpochOutput two = job.epoch(2, {"b"});
  REQUIRE(live->commit({&two, 1}).ok());
  CHECK(committed_values(topic) == Values{"a", "b"});
}

TEST_CASE("a deleted marker topic is refused and not made anew, unless the checkpoint is adopted") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  first_start(job, zero).reset();
  test::delete_topic(job.marker_topic());
  const EpochOutput one = job.epoch(1, {"a"});
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto refused = job.instance("second")->recover(progress_of(zero, {one}), false);
    REQUIRE(absl::IsFailedPrecondition(refused.status()));
    CHECK(text(refused.status()).find("deleted") != std::string::npos);
  }
  TargetContext adopting = job.context("third");
  adopting.adopt = true;
  auto target = job.open(std::move(adopting));
  REQUIRE(target.ok());
  const auto recovered = (*target)->recover(progress_of(zero, {one}), false);
  REQUIRE(recovered.ok());
  CHECK(*recovered == 0);
  REQUIRE((*target)->commit({&one, 1}).ok());
  CHECK(committed_values(topic) == Values{"a"});
  REQUIRE(job.instance("fourth")->recover(progress_of(zero, {one}), false).ok());
}

TEST_CASE("a marker topic that may lose its last record is refused") {
  OutputJob job(sink_options(create_topic("out", 1)));
  const EpochOutput zero = job.epoch(0, {});
  const std::string policy = GENERATE("delete", "compact,delete");
  test::create_topic_named(job.marker_topic(), 1, {{"cleanup.policy", policy}});
  const auto refused = job.instance("first")->recover(progress_of({zero}), true);
  REQUIRE(absl::IsFailedPrecondition(refused.status()));
  CHECK(text(refused.status()).find("'" + policy + "'") != std::string::npos);
  CHECK(text(refused.status()).find("compact") != std::string::npos);
}

TEST_CASE("a marker topic with foreign records or several partitions is refused") {
  const EpochOutput zero{Epoch{0}, Cut::draw(), {}};
  OutputJob foreign(sink_options(create_topic("out", 1)));
  test::create_topic_named(foreign.marker_topic(), 1, {{"cleanup.policy", "compact"}});
  test::produce(foreign.marker_topic(), {{.key = "x", .value = "hello"}});
  CHECK(absl::IsFailedPrecondition(foreign.instance("a")->recover(progress_of({zero}), true).status()));
  OutputJob wide(sink_options(create_topic("out", 1)));
  test::create_topic_named(wide.marker_topic(), 2, {{"cleanup.policy", "compact"}});
  CHECK(absl::IsFailedPrecondition(wide.instance("a")->recover(progress_of({zero}), true).status()));
}

TEST_CASE("a second instance fences the first, whose error names the owner") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  auto first = first_start(job, zero, "instance-one");
  auto second = job.instance("instance-two");
  REQUIRE(second->recover(progress_of(zero, {}), false).ok());
  const EpochOutput one = job.epoch(1, {"a"});
  const auto fenced = first->commit({&one, 1});
  REQUIRE(absl::IsFailedPrecondition(fenced.status()));
  CHECK(text(fenced.status()).find("instance-two") != std::string::npos);
  CHECK(text(fenced.status()).find("instance-one") != std::string::npos);
  CHECK_FALSE(first->commit({&one, 1}).ok());
  REQUIRE(second->commit({&one, 1}).ok());
  CHECK(committed_values(topic) == Values{"a"});
}

TEST_CASE("fenced without another owner is an error that a recovery mends") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  auto target = first_start(job, zero);
  // The same id taken, but no marker written: as after a transaction that timed out.
  { test::OpenTransaction thief(job.transactional_id()); }
  const EpochOutput one = job.epoch(1, {"a"});
  const auto fenced = target->commit({&one, 1});
  INFO(fenced.status().ToString());
  REQUIRE(absl::IsAborted(fenced.status()));
  const auto recovered = target->recover(progress_of(zero, {one}), false);
  REQUIRE(recovered.ok());
  CHECK(*recovered == 0);
  REQUIRE(target->commit({&one, 1}).ok());
  CHECK(committed_values(topic) == Values{"a"});
}

TEST_CASE("a segment that is missing, short or changed is refused, at recovery and at commit") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  auto target = first_start(job, zero);
  const EpochOutput one = job.epoch(1, {"a", "b", "c"});
  const std::string path = job.outbox() + "/" + one.segments.at(0).name;
  const std::string kind = GENERATE("missing", "short", "bit-flipped", "empty");
  if (kind == "missing") std::filesystem::remove(path);
  if (kind == "short") change_file(path, [](std::string& bytes) { bytes.pop_back(); });
  if (kind == "empty") change_file(path, [](std::string& bytes) { bytes.clear(); });
  if (kind == "bit-flipped") change_file(path, [](std::string& bytes) { bytes[bytes.size() / 2] ^= 4; });
  INFO(kind);
  const auto committed = target->commit({&one, 1});
  REQUIRE(absl::IsDataLoss(committed.status()));
  CHECK(text(committed.status()).find(path) != std::string::npos);
  const auto recovered = job.instance("second")->recover(progress_of(zero, {one}), false);
  REQUIRE(absl::IsDataLoss(recovered.status()));
  CHECK(committed_values(topic).empty());
  CHECK(job.markers().back().epoch == Epoch{0});
}

TEST_CASE("segments of epochs that are out are not looked at") {
  const std::string topic = create_topic("out", 1);
  OutputJob job(sink_options(topic));
  const EpochOutput zero = job.epoch(0, {});
  auto target = first_start(job, zero);
  const EpochOutput one = job.epoch(1, {"a"});
  REQUIRE(target->commit({&one, 1}).ok());
  target->discard(one.segments);
  CHECK_FALSE(std::filesystem::exists(job.outbox() + "/" + one.segments[0].name));
  const auto recovered = job.instance("second")->recover(progress_of(zero, {one}), false);
  REQUIRE(recovered.ok());
  CHECK(*recovered == 1);
}

TEST_CASE("clean removes what nobody lists, of this cluster only") {
  OutputJob job(sink_options(create_topic("out", 1)));
  const EpochOutput kept = job.epoch(1, {"a"});
  const EpochOutput left = job.epoch(2, {"b"});
  std::ofstream(job.outbox() + "/a9-w0-out-1.seg") << "WEIR";
  std::ofstream(job.outbox() + "/notes.txt") << "mine";
  auto writer = OutboxSegmentWriter::create(real_file_system(), job.outbox(), "a9-w0-out-2.seg",
                                            "kafka:other", outbox_format::Compression::kNone);
  REQUIRE(writer.ok());
  REQUIRE((*writer)->seal().ok());
  REQUIRE(job.instance("first")->clean(kept.segments).ok());
  auto names = real_file_system().list(job.outbox()).value();
  CHECK(names == std::vector<std::string>{kept.segments[0].name, "a9-w0-out-2.seg", "notes.txt"});
}

TEST_CASE("a cancelled recovery returns soon, though the broker never answers") {
  // Takes connections and says nothing.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(listener, 8) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0);

  OutputJob job(sink_options("out"));
  std::atomic<bool> cancelled{false};
  TargetContext context = job.context("first");
  context.cancelled = [&cancelled] { return cancelled.load(); };
  kafka::KafkaTargetSettings settings;
  settings.brokers = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  settings.cluster_id = "x";
  kafka::KafkaTarget target(std::move(context), std::move(settings));
  auto recovered =
      std::async(std::launch::async, [&] { return target.recover(TargetProgress{}, true).status(); });
  CHECK(recovered.wait_for(std::chrono::milliseconds(300)) == std::future_status::timeout);
  cancelled = true;
  const auto begun = std::chrono::steady_clock::now();
  CHECK(absl::IsCancelled(recovered.get()));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(500));
  ::close(listener);
}

TEST_CASE("a transaction timeout above the broker's limit is an error with both values") {
  auto options = sink_options(create_topic("out", 1));
  options.transaction_timeout = std::chrono::hours(24);
  OutputJob job(options);
  const auto refused = job.instance("first")->recover(progress_of({job.epoch(0, {})}), true);
  REQUIRE(absl::IsInvalidArgument(refused.status()));
  CHECK(text(refused.status()).find("86400000") != std::string::npos);
  CHECK(text(refused.status()).find("900000") != std::string::npos);
}

TEST_CASE("a cluster that does not answer is an error within bounded time") {
  KafkaSinkOptions<std::string> options;
  options.brokers = "127.0.0.1:1";
  options.topic = "out";
  const auto identity = kafka_sink<std::string>(options).factory()->target()->identify();
  CHECK(absl::IsUnavailable(identity.status()));
  CHECK(text(identity.status()).find("127.0.0.1:1") != std::string::npos);
}

TEST_CASE("ten thousand records with keys and tombstones arrive once, in order within each partition") {
  const std::string topic = create_topic("out", 4);
  KafkaSinkOptions<std::string> options = sink_options(topic);
  options.key = [](const std::string& value) { return value.substr(0, value.find(':')); };
  OutputJob job(options);
  auto target = first_start(job, job.epoch(0, {}));
  Values values;
  for (int i = 0; i < 10'000; ++i)
    values.push_back(std::to_string(i % 37) + ":" + std::to_string(100'000 + i));
  const std::vector<EpochOutput> chain = {job.epoch(1, {values.begin(), values.begin() + 6000}),
                                          job.epoch(2, {values.begin() + 6000, values.end()})};
  REQUIRE(target->commit(chain).ok());
  const auto records = test::read_committed(topic);
  REQUIRE(records.size() == values.size());
  std::map<std::string, std::string> last;
  std::map<std::string, int> partition;
  for (const auto& record : records) {
    CHECK(last[record.key] < record.value);
    last[record.key] = record.value;
    const auto at = partition.emplace(record.key, record.partition).first;
    CHECK(at->second == record.partition);
  }
}

}  // namespace weir
