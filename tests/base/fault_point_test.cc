#include "runtime/base/fault_point.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace weir;  // NOLINT

namespace {

/// Visits each point `visits` times in a child and gives how the child ended. The environment is read once in
/// a process, at the first visit, so only children visit.
int run_child(const char* crash_at, const char* log, int visits) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (crash_at != nullptr) ::setenv("WEIR_CRASH_AT", crash_at, 1);
    if (log != nullptr) ::setenv("WEIR_FAULT_POINT_LOG", log, 1);
    for (int i = 0; i < visits; ++i) {
      WEIR_FAULT_POINT("test.first");
      WEIR_FAULT_POINT("test.second");
    }
    const auto seen = visited_fault_points();
    ::_exit(seen.size() == 2 && seen.at("test.second") == static_cast<uint64_t>(visits) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

bool killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }
bool ended(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

}  // namespace

TEST_CASE("A named point kills the process at the visit that is asked for") {
  if (!kFaultPointsCompiledIn) return;
  CHECK(ended(run_child(nullptr, nullptr, 3)));
  CHECK(killed(run_child("test.second", nullptr, 1)));
  CHECK(ended(run_child("test.second:3", nullptr, 2)));
  CHECK(killed(run_child("test.second:3", nullptr, 3)));
  CHECK(ended(run_child("test.other", nullptr, 3)));
}

TEST_CASE("The points that processes visit are listed in a file") {
  if (!kFaultPointsCompiledIn) return;
  const test::TemporaryDirectory folder;
  const std::string log = folder / "points";
  run_child("test.second", log.c_str(), 1);
  run_child("test.first", log.c_str(), 1);
  std::ifstream lines(log);
  std::multiset<std::string> names;
  for (std::string line; std::getline(lines, line);) names.insert(line);
  CHECK(names == std::multiset<std::string>{"test.first", "test.first", "test.second"});
}

TEST_CASE("A forked child arms a point although its parent visited it before") {
  if (!kFaultPointsCompiledIn) return;
  const pid_t child = ::fork();
  if (child == 0) {
    for (int i = 0; i < 5; ++i) WEIR_FAULT_POINT("test.armed");
    crash_at_fault_point("test.armed", 2);
    WEIR_FAULT_POINT("test.armed");
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      WEIR_FAULT_POINT("test.armed");
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(grandchild, &status, 0);
    ::_exit(killed(status) ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(ended(status));
}
