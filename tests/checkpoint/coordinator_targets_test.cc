// What the coordinator keeps for each target: R5, R14, the chain; and the files that it still needs.
#include "checkpoint/coordinator.h"

#include "tests/checkpoint/coordinator_fixture.h"
#include "tests/support/catch.h"

using namespace weir;        // NOLINT
using namespace weir::test;  // NOLINT

// R5

TEST_CASE("R5: what a declined epoch sealed goes out with the next one") {
  Job job(2, every_second(), 8, true);
  job.begin(1000);
  job.ack(0, 8, {"w0-8"});
  job.coordinator.decline(1, {8}, absl::InternalError("no"), at(1001));
  CHECK(job.chain().empty());
  job.begin(2000);
  job.ack(0, 9, {"w0-8", "w0-9"});
  job.ack(1, 9, {"w1-8", "w1-9"});
  const auto manifest = job.coordinator.complete(at(2001));
  job.coordinator.decided({9}, at(2002));
  CHECK(job.chain() == Chain{"9: w0-8 w0-9 w1-8 w1-9"});
  CHECK(manifest->targets[0].progress.chain ==
        std::vector<EpochOutput>(job.coordinator.chain_of(kTarget).begin(),
                                 job.coordinator.chain_of(kTarget).end()));
}

TEST_CASE("R5: a worker that has not heard of a decision lists its segments again, and they go out once") {
  Job job(2, two_pending(), 8, true);
  job.begin(1000);
  job.ack(0, 8, {"w0-8"});
  job.ack(1, 8, {"w1-8"});
  job.begin(2000);
  job.ack(0, 9, {"w0-8", "w0-9"});  // sealed before 8 was announced
  REQUIRE(job.coordinator.complete(at(2001))->epoch == Epoch{8});
  job.coordinator.decided({8}, at(2002));
  job.apply(8);  // out, and trimmed from the chain
  job.ack(1, 9, {"w1-9"});
  REQUIRE(job.coordinator.complete(at(2003)).has_value());
  job.coordinator.decided({9}, at(2004));
  CHECK(job.chain() == Chain{"9: w0-9 w1-9"});
}

TEST_CASE("R5: after a manifest that could not be written the next one lists its segments") {
  Job job(1, every_second(), 8, true);
  job.begin(1000);
  job.ack(0, 8, {"8"});
  REQUIRE(job.coordinator.complete(at(1001)).has_value());
  job.coordinator.write_failed({8}, absl::ResourceExhaustedError("disk full"), at(1002));
  CHECK(job.chain().empty());
  CHECK(job.coordinator.take_abandoned().size() == 1);
  job.begin(2000);
  job.decide(9, 2001, {"8", "9"});
  CHECK(job.chain() == Chain{"9: 8 9"});
}

// The chain

TEST_CASE("Applying an epoch moves the base to it and trims the chain up to it") {
  Job job(1, every_second());
  job.first_start(0);
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) {
    job.begin(static_cast<int64_t>(epoch) * 1000);
    job.decide(epoch, static_cast<int64_t>(epoch) * 1000, {std::to_string(epoch)});
  }
  CHECK(job.chain() == Chain{"1: 1", "2: 2", "3: 3"});
  CHECK(job.coordinator.applied_up_to(kTarget) == Epoch{0});
  job.apply(2);
  CHECK(job.chain() == Chain{"3: 3"});
  const TargetProgress& progress = job.coordinator.targets().entries()[0].progress;
  CHECK(progress.base_epoch == Epoch{2});
  CHECK(progress.base_cut == job.cuts.at(2));
  CHECK(job.coordinator.applied_up_to(kTarget) == Epoch{2});
  job.apply(1);                                       // known already
  job.coordinator.applied(kTarget, {3}, Cut{77, 0});  // another history's 3
  CHECK(job.chain() == Chain{"3: 3"});
  job.apply(3);
  CHECK(job.coordinator.applied_up_to(kTarget) == Epoch{3});
}

TEST_CASE("An epoch without output adds nothing to the chain, whether something is waiting or not") {
  Job job(1, every_second());
  job.first_start(0);
  job.begin(1000);
  CHECK(job.decide(1, 1000).targets[0].progress.chain.empty());
  CHECK(job.chain().empty());
  CHECK(job.coordinator.targets().entries()[0].progress.base_epoch == Epoch{0});
  CHECK(job.coordinator.applied_up_to(kTarget) == Epoch{1});
  job.begin(2000);
  job.decide(2, 2000, {"2"});
  job.begin(3000);
  job.decide(3, 3000);
  CHECK(job.chain() == Chain{"2: 2"});
  CHECK(job.coordinator.applied_up_to(kTarget) == Epoch{1});
  job.apply(2);
  CHECK(job.coordinator.applied_up_to(kTarget) == Epoch{3});
}

TEST_CASE("A commit that wrote no marker trims the chain and leaves the base") {
  Job job(1, every_second());
  job.first_start(0);
  job.begin(1000);
  job.decide(1, 1000, {"1"});
  job.apply(1, false);
  CHECK(job.chain().empty());
  CHECK(job.coordinator.targets().entries()[0].progress.base_epoch == Epoch{0});
}

TEST_CASE("What is applied while a manifest is being written is trimmed and does not come back") {
  Job job(1, every_second());
  job.first_start(0);
  job.begin(1000);
  job.decide(1, 1000, {"1"});
  job.begin(2000);
  job.ack(0, 2, {"2"});
  const auto manifest = job.coordinator.complete(at(2001));
  CHECK(manifest->targets[0].progress.chain.size() == 2);
  job.apply(1);
  job.coordinator.decided({2}, at(2002));
  CHECK(job.chain() == Chain{"2: 2"});
}

// R14

TEST_CASE("R14: the first start takes checkpoint 0 at once, and nothing begins before its marker is out") {
  Job job(1, two_pending());
  CHECK(job.coordinator.due(at(0)));
  REQUIRE(job.begin(0).epoch == Epoch{0});
  job.coordinator.request();
  CHECK_FALSE(job.coordinator.due(at(5000)));  // not even with room for two
  const Manifest manifest = job.decide(0, 10);
  CHECK_FALSE(manifest.targets[0].progress.has_base);
  CHECK(job.chain() == Chain{"0:"});
  CHECK_FALSE(job.coordinator.applied_up_to(kTarget).has_value());
  CHECK_FALSE(job.coordinator.due(at(5000)));
  CHECK(job.coordinator.next_deadline() == kMaxTimestamp);
  job.apply(0);
  CHECK(job.coordinator.due(at(5000)));
}

TEST_CASE("R14: a first start whose marker is not out goes on from manifest 0 without beginning epoch 1") {
  Manifest restored = Job::description(1, 0, false);
  restored.targets[0].progress.chain = {{{0}, {5, 5}, {}}};
  Coordinator coordinator(every_second(), restored, Epoch{1}, at(0));
  CHECK_FALSE(coordinator.due(at(100000)));
  coordinator.applied(kTarget, {0}, {5, 5});
  CHECK(coordinator.due(at(100000)));
}

TEST_CASE("R14: without checkpoint 0 there is no job, however many failures are tolerated") {
  CoordinatorOptions options = every_second();
  options.tolerable_failures = -1;
  Job job(1, options);
  job.begin(0);
  job.coordinator.decline(0, {0}, absl::UnavailableError("no brokers"), at(1));
  REQUIRE(absl::IsUnavailable(job.coordinator.health()));
  CHECK(std::string(job.coordinator.health().message()).find("first checkpoint") != std::string::npos);
  CHECK_FALSE(job.coordinator.due(at(100000)));
}

TEST_CASE("A target that joins later gets its marker with the next epoch, though it has no output") {
  Manifest restored = Job::description(1, 8, true);
  restored.targets.push_back({"kafka:new", {}});
  Coordinator coordinator(every_second(), restored, Epoch{8}, at(0));
  coordinator.begin(at(1000));
  coordinator.ack(0, {8}, {});
  REQUIRE(coordinator.complete(at(1001)).has_value());
  coordinator.decided({8}, at(1001));
  CHECK(coordinator.chain_of(kTarget).empty());
  REQUIRE(coordinator.chain_of("kafka:new").size() == 1);
  CHECK_FALSE(coordinator.due(at(5000)));
}

// Files

TEST_CASE("C58: what a given-up epoch listed is garbage only once a later one is decided") {
  Job job(2, every_second(), 8, true);
  job.begin(1000);
  job.ack(0, 8, {"s8"}, "state/d8");
  CHECK(job.coordinator.pending_files().state_files.count("state/d8") == 1);
  job.coordinator.decline(1, {8}, absl::InternalError("no"), at(1001));
  CHECK(job.coordinator.take_orphans().empty());
  job.ack(1, 8, {}, "state/late8");  // comes after the decline
  job.begin(2000);
  job.ack(0, 9, {"s8", "s9"}, "state/d9");
  job.ack(1, 9);
  CHECK(job.coordinator.take_orphans().empty());
  REQUIRE(job.coordinator.complete(at(2001)).has_value());
  job.coordinator.decided({9}, at(2002));
  const FileListing orphans = job.coordinator.take_orphans();
  CHECK(orphans.state_files == std::set<std::string>{"state/d8", "state/late8"});
  CHECK(orphans.segments_of(kTarget) == std::vector{segment("s8")});
  // s8 went out with 9: the chain, and so pending_files, keeps it.
  CHECK(job.coordinator.pending_files().segments_of(kTarget).size() == 2);
  CHECK(job.coordinator.take_orphans().empty());
}

TEST_CASE("C58: an acknowledgement of an epoch that was never begun makes nothing garbage") {
  Job job(1, every_second(), 8, true);
  job.ack(0, 8, {"s"}, "state/of another life");
  job.begin(1000);
  job.decide(8, 1001);
  job.begin(2001);
  job.decide(9, 2002);
  CHECK(job.coordinator.take_orphans().empty());
}

TEST_CASE("The manifest gathers each source's splits from all workers, sorted") {
  Job job(2, every_second(), 8, true);
  job.begin(1000);
  WorkerAck first;
  first.sources = {{"trades", {{"trades/2", "20", 5}, {"trades/0", "7", 6}}}};
  first.operators = {{"vwap", 0, "x"}};
  first.watermarks = {{"vwap", 0, 5}};
  WorkerAck second;
  second.sources = {{"trades", {{"trades/1", "9", 7}}}, {"other", {}}};
  second.operators = {{"vwap", 1, "y"}};
  job.coordinator.ack(1, {8}, second);
  job.coordinator.ack(0, {8}, first);
  const auto manifest = job.coordinator.complete(at(1001));
  CHECK(manifest->sources ==
        std::vector<SourceState>{
            {"trades", {{"trades/0", "7", 6}, {"trades/1", "9", 7}, {"trades/2", "20", 5}}}, {"other", {}}});
  CHECK(manifest->operators == std::vector<OperatorState>{{"vwap", 0, "x"}, {"vwap", 1, "y"}});
  CHECK(manifest->watermarks.size() == 1);
}
