#include "checkpoint/coordinator.h"

#include "tests/checkpoint/coordinator_fixture.h"
#include "tests/support/catch.h"

using namespace weir;        // NOLINT
using namespace weir::test;  // NOLINT

// C56

TEST_CASE("C56: completion needs each worker's acknowledgement once; the manifest holds all of them") {
  Job job(3, every_second(), 8, true);
  REQUIRE(job.begin(1000).epoch == Epoch{8});
  CHECK(job.ack(1, 8) == AckResult::kAccepted);
  CHECK(job.ack(1, 8) == AckResult::kIgnored);
  CHECK(job.ack(0, 8) == AckResult::kAccepted);
  CHECK_FALSE(job.coordinator.complete(at(1001)).has_value());
  CHECK(job.ack(2, 8) == AckResult::kComplete);
  CHECK(job.ack(2, 8) == AckResult::kIgnored);
  const auto manifest = job.coordinator.complete(at(1002));
  REQUIRE(manifest.has_value());
  CHECK(manifest->epoch == Epoch{8});
  CHECK(manifest->cut == job.cuts.at(8));
  CHECK(manifest->created_ms == 1002);
  CHECK(manifest->state.size() == 3);
  CHECK_FALSE(job.coordinator.complete(at(1003)).has_value());
}

TEST_CASE("C56: a second acknowledgement of one worker changes nothing, whatever it holds") {
  Job job(2, every_second(), 8, true);
  job.begin(1000);
  job.ack(0, 8, {"first"});
  job.ack(0, 8, {"second"});
  job.ack(1, 8);
  CHECK(job.coordinator.complete(at(1001))->targets[0].progress.chain[0].segments ==
        std::vector{segment("first")});
}

TEST_CASE("C56: late and unknown acknowledgements are ignored") {
  Job job(2, every_second(), 8, true);
  CHECK(job.ack(0, 8) == AckResult::kIgnored);  // not begun
  CHECK(job.ack(0, 7) == AckResult::kIgnored);  // of another life
  CHECK(job.ack(0, 9000) == AckResult::kIgnored);
  job.begin(1000);
  job.decide(8, 1001);
  CHECK(job.ack(0, 8) == AckResult::kIgnored);
  job.coordinator.decline(0, {8}, absl::InternalError("too late"), at(1002));
  CHECK(job.coordinator.consecutive_failures() == 0);
}

TEST_CASE("C56: completing n abandons what is pending before it") {
  Job job(2, two_pending(), 8, true);
  job.begin(1000);
  job.begin(2000);
  job.ack(0, 8);
  CHECK(job.ack(0, 9) == AckResult::kAccepted);
  CHECK(job.ack(1, 9) == AckResult::kComplete);
  CHECK(job.coordinator.complete(at(2001))->epoch == Epoch{9});
  const auto abandoned = job.coordinator.take_abandoned();
  REQUIRE(abandoned.size() == 1);
  CHECK(abandoned[0].epoch == Epoch{8});
  CHECK(job.coordinator.take_abandoned().empty());
  CHECK(job.ack(1, 8) == AckResult::kIgnored);
  CHECK(job.coordinator.consecutive_failures() == 0);
}

// When

TEST_CASE("Checkpoints begin at the interval, from start to start, and one is under way at a time") {
  Job job(1, every_second(), 8, true);
  CHECK_FALSE(job.coordinator.due(at(999)));
  CHECK(job.coordinator.next_deadline() == at(1000));
  CHECK(job.coordinator.due(at(1000)));
  job.begin(1000);
  CHECK_FALSE(job.coordinator.due(at(2500)));
  CHECK(job.coordinator.next_deadline() == at(6000));  // its timeout
  job.decide(8, 2500);
  CHECK(job.coordinator.due(at(2500)));
  job.begin(2500);
  job.decide(9, 2600);
  CHECK(job.coordinator.next_deadline() == at(3500));
}

TEST_CASE(
    "The minimum pause counts from the end of the one before, decided or failed; a request ignores it") {
  CoordinatorOptions options = every_second();
  options.minimum_pause = Duration{700};
  Job job(1, options, 8, true);
  job.begin(1000);
  job.decide(8, 1900);
  CHECK(job.coordinator.next_deadline() == at(2600));
  CHECK_FALSE(job.coordinator.due(at(2599)));
  job.begin(2600);
  job.coordinator.decline(0, {9}, absl::InternalError("no"), at(3500));
  CHECK(job.coordinator.next_deadline() == at(4200));
  job.coordinator.request();
  CHECK(job.coordinator.due(at(3500)));
}

TEST_CASE("Without an interval only requested checkpoints begin") {
  CoordinatorOptions options;
  options.interval = Duration{0};
  Job job(1, options, 8, true);
  CHECK(job.coordinator.next_deadline() == kMaxTimestamp);
  job.coordinator.request();
  CHECK(job.coordinator.due(at(0)));
  job.begin(0);
  CHECK_FALSE(job.coordinator.requested());
  job.decide(8, 1);
  CHECK(job.coordinator.next_deadline() == kMaxTimestamp);
}

TEST_CASE("A request while one is under way leads to another one after it") {
  Job job(1, every_second(), 8, true);
  job.begin(1000);
  job.coordinator.request();
  CHECK_FALSE(job.coordinator.due(at(1001)));
  job.decide(8, 1002);
  CHECK(job.coordinator.due(at(1002)));
}

TEST_CASE(
    "A requested checkpoint that fails is tried again after a pause, without end when failures are "
    "tolerated") {
  CoordinatorOptions options;
  options.interval = Duration{0};
  options.tolerable_failures = -1;
  Job job(1, options, 8, true);
  job.coordinator.request();
  int64_t now = 0;
  for (uint64_t epoch = 8; epoch < 30; ++epoch) {
    REQUIRE(job.coordinator.due(at(now)));
    job.begin(now);
    job.coordinator.decline(0, {epoch}, absl::InternalError("no"), at(now + 5));
    CHECK_FALSE(job.coordinator.due(at(now + 6)));
    now += 1005;
  }
  CHECK(job.coordinator.health().ok());
}

// Failures

TEST_CASE(
    "A checkpoint that takes longer than the timeout is given up and names the workers that are missing") {
  Job job(3, every_second(), 8, true);
  job.begin(1000);
  job.ack(1, 8);
  job.coordinator.expire(at(5999));
  CHECK(job.coordinator.pending() == 1);
  job.coordinator.expire(at(6000));
  CHECK(job.coordinator.pending() == 0);
  const auto abandoned = job.coordinator.take_abandoned();
  REQUIRE(abandoned.size() == 1);
  CHECK(absl::IsDeadlineExceeded(abandoned[0].reason));
  CHECK(std::string(abandoned[0].reason.message()).find("worker 0, 2") != std::string::npos);
  CHECK(job.coordinator.due(at(6000)));
  CHECK(job.begin(6000).epoch == Epoch{9});  // numbers are never used twice
}

TEST_CASE("A manifest that is being written can neither time out nor be declined") {
  Job job(1, every_second(), 8, true);
  job.begin(1000);
  job.ack(0, 8);
  REQUIRE(job.coordinator.complete(at(1001)).has_value());
  job.coordinator.expire(at(100000));
  CHECK(job.coordinator.take_abandoned().empty());
  job.coordinator.decline(0, {8}, absl::InternalError("no"), at(100000));
  CHECK(job.coordinator.take_abandoned().empty());
  CHECK(job.coordinator.pending() == 1);
  job.coordinator.decided({8}, at(100001));
  CHECK(job.coordinator.last_decided() == Epoch{8});
}

TEST_CASE(
    "The job fails once more checkpoints in a row fail than are tolerated; one success starts the count "
    "again") {
  CoordinatorOptions options = every_second();
  options.tolerable_failures = 2;
  Job job(1, options, 8, true);
  uint64_t epoch = 8;
  int64_t now = 1000;
  const auto failing = [&] {
    job.begin(now);
    job.coordinator.decline(0, {epoch++}, absl::ResourceExhaustedError("disk full"), at(now));
    now += 1000;
  };
  failing();
  failing();
  CHECK(job.coordinator.health().ok());
  job.begin(now);
  job.decide(epoch++, now);
  now += 1000;
  failing();
  failing();
  CHECK(job.coordinator.health().ok());
  failing();
  REQUIRE(absl::IsResourceExhausted(job.coordinator.health()));
  CHECK(std::string(job.coordinator.health().message()).find("3 checkpoints failed in a row") !=
        std::string::npos);
  CHECK(std::string(job.coordinator.health().message()).find("disk full") != std::string::npos);
}
