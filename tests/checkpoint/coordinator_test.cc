#include "checkpoint/coordinator.h"

#include "tests/support/catch.h"

using namespace weir;  // NOLINT

namespace {

constexpr const char* kTarget = "kafka:c";

Timestamp at(int64_t millis) { return from_millis(millis); }

Segment segment(const std::string& name) { return {name, 1, 10, 7}; }

/// A job of `workers` workers with one target; epochs' cuts are {number, 0}.
struct Job {
  explicit Job(int workers = 2, CoordinatorOptions options = {}, uint64_t first = 0, bool has_marker = false)
      : workers_(workers),
        coordinator(options, description(workers, first, has_marker), Epoch{first}, at(0), [this] {
          return Cut{++drawn, 0};
        }) {}

  static Manifest description(int workers, uint64_t first, bool has_marker) {
    Manifest manifest;
    manifest.job = "market";
    manifest.workers = workers;
    manifest.epoch = {first == 0 ? 0 : first - 1};
    TargetEntry target;
    target.identity = kTarget;
    if (has_marker) {
      target.progress.has_base = true;
      target.progress.base_epoch = manifest.epoch;
      target.progress.base_cut = {99, 99};
    }
    manifest.targets = {target};
    return manifest;
  }

  EpochCut begin(int64_t now) {
    const EpochCut begun = coordinator.begin(at(now));
    cuts[begun.epoch.number] = begun.cut;
    return begun;
  }
  AckResult ack(int worker, uint64_t epoch, std::vector<std::string> segments = {}, std::string delta = "") {
    WorkerAck ack;
    for (const std::string& name : segments) ack.segments[kTarget].push_back(segment(name));
    if (!delta.empty()) ack.state.deltas = {{delta, 1, 1}};
    return coordinator.ack(worker, {epoch}, std::move(ack));
  }
  /// All workers acknowledge; worker 0 with these segments. Written and decided.
  Manifest decide(uint64_t epoch, int64_t now, std::vector<std::string> segments = {}) {
    for (int worker = 0; worker < workers_; ++worker) {
      ack(worker, epoch, worker == 0 ? segments : std::vector<std::string>{});
    }
    auto manifest = coordinator.complete(at(now));
    if (!manifest) throw std::runtime_error("epoch is not complete");
    coordinator.decided({epoch}, at(now));
    return *manifest;
  }
  void apply(uint64_t epoch, bool marker_moved = true) {
    coordinator.applied(kTarget, {epoch}, cuts.at(epoch), marker_moved);
  }
  /// Epoch 0 with its marker out.
  void first_start(int64_t now) {
    begin(now);
    decide(0, now);
    apply(0);
  }

  std::vector<std::string> chain() {
    std::vector<std::string> texts;
    for (const EpochOutput& output : coordinator.chain_of(kTarget)) {
      std::string text = std::to_string(output.epoch.number) + ":";
      for (const Segment& s : output.segments) text += " " + s.name;
      texts.push_back(text);
    }
    return texts;
  }

  int workers_;
  uint64_t drawn = 0;
  std::map<uint64_t, Cut> cuts;
  Coordinator coordinator;
};

using Chain = std::vector<std::string>;

CoordinatorOptions every_second() {
  CoordinatorOptions options;
  options.interval = Duration{1000};
  options.timeout = Duration{5000};
  return options;
}

CoordinatorOptions two_pending() {
  CoordinatorOptions options = every_second();
  options.pending_limit = 2;
  return options;
}

}  // namespace

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
  job.coordinator.decline(0, {8}, absl::InternalError("no"), at(100000));
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

TEST_CASE(
    "An epoch without output waits for nobody and leaves the base, unless something is waiting before it") {
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
  CHECK(job.chain() == Chain{"2: 2", "3:"});
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
