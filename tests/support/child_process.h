#pragma once
// A program of ours in a process of its own, which a test may kill at any moment.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace weir::test {

class ChildProcess {
 public:
  /// Standard output and error go to `log` (appended). Throws std::runtime_error when it cannot be started.
  ChildProcess(const std::vector<std::string>& command, const std::string& log);
  /// Kills and reaps what still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number);
  /// The wait status once it has ended; does not block.
  std::optional<int> ended();
  /// Blocks.
  int wait();

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

/// Blocks a moment between two looks at another process; the one place where these tests let time pass.
void pause_a_moment();

}  // namespace weir::test
