// SIGKILL at each named point of sealing, recovery and delivery, in a real process against a real broker;
// then again, until it comes through: every record is out, once, in order.

#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "runtime/base/fault_point.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/delivery.h"
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/temporary_directory.h"

namespace weir {
namespace {

constexpr int kEpochs = 3;
constexpr int kRecords = 50;

struct Crashing {
  std::string job = test::unique_name("crash");
  std::string topic = test::create_topic("crash", 1);
  test::TemporaryDirectory directory;

  /// The child's wait status.
  int run(const std::string& crash_at) {
    std::vector<std::string> command = {"/usr/bin/env", "WEIR_KAFKA_BOOTSTRAP=" + test::kafka_bootstrap()};
    if (!crash_at.empty()) command.push_back("WEIR_CRASH_AT=" + crash_at);
    for (const std::string& part : {std::string(WEIR_CRASH_CHILD), job, topic, directory.path(),
                                    std::to_string(kEpochs), std::to_string(kRecords)}) {
      command.push_back(part);
    }
    return test::ChildProcess(command, directory / "log").wait();
  }
  std::string log() const {
    std::ifstream file(directory / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

std::vector<std::string> expected_values() {
  std::vector<std::string> values;
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    for (int i = 0; i < kRecords; ++i) values.push_back(std::to_string(epoch) + "." + std::to_string(i));
  }
  return values;
}

}  // namespace

TEST_CASE("killed at any point, the output is exactly once") {
  if (!kFaultPointsCompiledIn) {
    WARN("built without WEIR_FAULT_POINTS: nothing is tested here");
    return;
  }
  // How often a point is passed in an undisturbed run decides which visits can be crashed at: the deliveries
  // are marker 0 and three epochs, and later runs add a claim.
  const std::string point = GENERATE(
      "outbox.before_seal:2", "outbox.after_seal:2", "kafka.recover.before_init", "kafka.recover.after_init",
      "kafka.recover.after_claim", "kafka.deliver.before_begin", "kafka.deliver.before_begin:3",
      "kafka.deliver.after_send:2", "kafka.deliver.before_marker:3", "kafka.deliver.before_commit",
      "kafka.deliver.before_commit:3", "kafka.deliver.after_commit", "kafka.deliver.after_commit:2");
  INFO(point);
  Crashing crashing;
  const int first = crashing.run(point);
  INFO(crashing.log());
  REQUIRE(WIFSIGNALED(first));
  REQUIRE(WTERMSIG(first) == SIGKILL);
  // The next run dies while it mends, the one after comes through.
  crashing.run("kafka.recover.after_init");
  const int last = crashing.run("");
  INFO(crashing.log());
  REQUIRE(WIFEXITED(last));
  REQUIRE(WEXITSTATUS(last) == 0);
  CHECK(test::committed_values(crashing.topic) == expected_values());

  std::vector<kafka::Marker> markers;
  for (const auto& record : test::read_committed("weir." + crashing.job + ".markers")) {
    markers.push_back(kafka::Marker::parse(record.value).value());
  }
  CHECK(test::strictly_increasing(markers));
  CHECK(markers.back().epoch == Epoch{kEpochs});
}

}  // namespace weir
