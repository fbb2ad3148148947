// Whole jobs from topic to topic on the real broker, killed at random moments and at chosen points.

#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "connectors/kafka/marker.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/delivery.h"
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

using namespace weir;
using namespace weir::test;

namespace {

struct Run {
  explicit Run(int64_t payments, int64_t accounts) : payments(payments), accounts(accounts) {
    std::vector<KafkaRecord> records;
    for (int64_t i = 0; i < payments; ++i) {
      const std::string account = "account-" + std::to_string(i * 7919 % accounts);
      records.push_back(
          {.key = account,
           .value = "{\"account\":\"" + account + "\",\"amount\":" + std::to_string(i % 100) + "}",
           .partition = static_cast<int32_t>(i * 7919 % accounts % 4)});
    }
    produce(in, records);
  }

  std::vector<std::string> command(std::vector<std::string> more) const {
    std::vector<std::string> words{WEIR_END_TO_END_JOB,
                                   "--brokers",
                                   kafka_bootstrap(),
                                   "--in",
                                   in,
                                   "--out",
                                   out,
                                   "--name",
                                   name,
                                   "--workers",
                                   "2",
                                   "--checkpoint-dir",
                                   directory / "job",
                                   "--checkpoint-interval",
                                   "100ms"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  int64_t newest_epoch() const {
    int64_t newest = -1;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory / "job", error)) {
      const std::string file = entry.path().filename();
      if (file.starts_with("manifest-") && file.ends_with(".json"))
        newest = std::max<int64_t>(newest, std::stoll(file.substr(9)));
    }
    return newest;
  }
  std::string log() const {
    std::ifstream file(log_path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string log_path() const { return directory / "log"; }

  /// The first difference between what a read_committed consumer sees and the oracle; empty: none.
  std::string check() const {
    struct Expected {
      int64_t number = 0;
      int64_t balance = 0;
    };
    std::map<std::string, std::vector<int64_t>> amounts;
    for (int64_t i = 0; i < payments; ++i)
      amounts["account-" + std::to_string(i * 7919 % accounts)].push_back(i % 100);
    std::map<std::string, Expected> seen;
    int64_t total = 0;
    for (const KafkaRecord& record : read_committed(out)) {
      ++total;
      Expected& last = seen[record.key];
      const std::vector<int64_t>& wanted = amounts[record.key];
      if (last.number >= static_cast<int64_t>(wanted.size())) return "too many results for " + record.key;
      last.balance += wanted[last.number++];
      const std::string value = "{\"account\":\"" + record.key +
                                "\",\"number\":" + std::to_string(last.number) +
                                ",\"balance\":" + std::to_string(last.balance) + "}";
      if (record.value != value)
        return "offset " + std::to_string(record.offset) + ": " + record.value + " instead of " + value;
    }
    return total == payments ? "" : std::to_string(total) + " results instead of " + std::to_string(payments);
  }

  std::vector<kafka::Marker> markers() const {
    std::vector<kafka::Marker> markers;
    for (const KafkaRecord& record : read_committed("weir." + name + ".markers"))
      markers.push_back(kafka::Marker::parse(record.value).value());
    return markers;
  }

  int64_t payments;
  int64_t accounts;
  std::string name = unique_name("balances");
  std::string in = create_topic("payments", 4);
  std::string out = create_topic("balances", 4);
  TemporaryDirectory directory;
};

void finish(const Run& run) {
  ChildProcess last(run.command({}), run.log_path());
  const int status = last.wait();
  INFO(run.log());
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
}

}  // namespace

TEST_CASE(
    "a million records on two workers, killed at twenty random moments: exactly once, in order per key, one "
    "marker an epoch") {
  constexpr int64_t kPayments = 1'000'000;
  Run run(kPayments, 5'000);
  // As Weir makes it, but every marker stays for the check at the end.
  create_topic_named("weir." + run.name + ".markers", 1,
                     {{"cleanup.policy", "compact"}, {"min.compaction.lag.ms", "86400000"}});
  std::mt19937_64 random(seed());
  for (int kill = 0; kill < 20; ++kill) {
    // Slow enough that twenty kills come before the end.
    ChildProcess child(run.command({"--rate", "40000"}), run.log_path());
    const int64_t until = run.newest_epoch() + 1 + static_cast<int64_t>(random() % 4);
    while (run.newest_epoch() < until && !child.ended()) pause_a_moment();
    for (uint64_t i = random() % 150; i > 0; --i) pause_a_moment();
    INFO(run.log());
    REQUIRE_FALSE(child.ended());
    child.signal(SIGKILL);
    REQUIRE(WIFSIGNALED(child.wait()));
  }
  finish(run);
  REQUIRE(run.check() == "");

  const std::vector<kafka::Marker> markers = run.markers();
  REQUIRE(strictly_increasing(markers));
  std::map<uint64_t, std::set<uint64_t>> records_of_epoch;
  for (const kafka::Marker& marker : markers) records_of_epoch[marker.epoch.number].insert(marker.records);
  uint64_t total = 0;
  for (const auto& [epoch, counts] : records_of_epoch) {
    REQUIRE(counts.size() == 1);  // claims repeat a marker, they do not change it
    total += *counts.begin();
  }
  REQUIRE(total == kPayments);  // every record came out under one marker
}

TEST_CASE(
    "down for longer than the transaction timeout between the decision and the commit: nothing is lost") {
  for (const char* point :
       {"manifest.after_directory_sync:3", "kafka.deliver.before_commit:3", "kafka.deliver.after_commit:3"}) {
    Run run(20'000, 100);
    ::setenv("WEIR_CRASH_AT", point, 1);
    {
      ChildProcess child(run.command({"--rate", "20000", "--transaction-timeout", "5s"}), run.log_path());
      ::unsetenv("WEIR_CRASH_AT");
      INFO(point << "\n" << run.log());
      REQUIRE(WIFSIGNALED(child.wait()));
    }
    // The broker aborts what is open 5 s after it began, and looks every second.
    for (int i = 0; i < 7'500; ++i) pause_a_moment();
    finish(run);
    REQUIRE(run.check() == "");
    REQUIRE(strictly_increasing(run.markers()));
  }
}
