#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

using namespace weir::test;

namespace {

/// Number of the newest manifest, -1: none.
int64_t newest_epoch(const std::string& directory) {
  int64_t newest = -1;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("manifest-") && name.ends_with(".json"))
      newest = std::max<int64_t>(newest, std::stoll(name.substr(9)));
  }
  return newest;
}

std::map<std::string, int> lines_of(const std::string& directory) {
  std::map<std::string, int> lines;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.path().filename().string().ends_with(".jsonl")) continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) ++lines[line];
  }
  return lines;
}

uint64_t bytes_under(const std::string& directory) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return bytes;
}

}  // namespace

TEST_CASE("keyed counts over state four times the memory budget, killed ten times, equal the oracle") {
  constexpr int64_t kKeys = 60'000;
  constexpr int64_t kRounds = 4;
  // A key takes at least 100 bytes in memory with its two values: 6 MB in all.
  constexpr int64_t kBudget = 1'500'000;
  std::mt19937_64 random(seed());
  for (const char* workers : {"1", "2"}) {
    TemporaryDirectory directory;
    const std::string job = directory / "job";
    const std::string log = directory / "log";
    const std::vector<std::string> command{WEIR_BIG_STATE_JOB,
                                           "--keys",
                                           std::to_string(kKeys),
                                           "--rounds",
                                           std::to_string(kRounds),
                                           "--rate",
                                           "60000",
                                           "--output",
                                           directory / "out",
                                           "--checkpoint-dir",
                                           job,
                                           "--checkpoint-interval",
                                           "30ms",
                                           "--memory-budget",
                                           std::to_string(kBudget),
                                           "--workers",
                                           workers};
    int kills = 0;
    while (kills < 10) {
      ChildProcess child(command, log);
      const int64_t from = newest_epoch(job);
      const int64_t until = from + 1 + static_cast<int64_t>(random() % 5);
      while (newest_epoch(job) < until && !child.ended()) pause_a_moment();
      for (uint64_t i = random() % 30; i > 0; --i) pause_a_moment();
      INFO("log " << std::string(std::istreambuf_iterator<char>(std::ifstream(log).rdbuf()), {}));
      REQUIRE_FALSE(child.ended());  // it was in the middle
      child.signal(SIGKILL);
      REQUIRE(WIFSIGNALED(child.wait()));
      ++kills;
    }
    ChildProcess last(command, log);
    const int status = last.wait();
    INFO("log " << std::string(std::istreambuf_iterator<char>(std::ifstream(log).rdbuf()), {}));
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) == 0);

    const std::map<std::string, int> lines = lines_of(directory / "out");
    REQUIRE(lines.size() == static_cast<size_t>(kKeys * kRounds / 2));
    for (int64_t key = 0; key < kKeys; ++key) {
      for (int64_t count = 2; count <= kRounds; count += 2) {
        const std::string line = "{\"key\":\"key-of-some-length-" + std::to_string(key) +
                                 "\",\"count\":" + std::to_string(count) +
                                 ",\"sum\":" + std::to_string(count * (key % 7 + 1)) + "}";
        const auto found = lines.find(line);
        if (found != lines.end() && found->second == 1) continue;
        std::string seen;
        const std::string prefix = line.substr(0, line.find(",\"count\"") + 1);
        for (auto at = lines.lower_bound(prefix); at != lines.end() && at->first.starts_with(prefix); ++at)
          seen += at->first + " " + std::to_string(at->second) + " times\n";
        FAIL("missing or repeated: " << line << "\nseen:\n" << seen);
      }
    }
    REQUIRE(bytes_under(job) < 200'000'000);  // what nobody needs was deleted
  }
}
