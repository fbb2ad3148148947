#include "runtime/base/directory_lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace weir;  // NOLINT

TEST_CASE("A lock is exclusive inside a process and free again with its owner") {
  const test::TemporaryDirectory folder;
  {
    const auto first = DirectoryLock::acquire(folder / "LOCK");
    REQUIRE(first.ok());
    const auto second = DirectoryLock::acquire(folder / "LOCK");
    REQUIRE(absl::IsFailedPrecondition(second.status()));
    CHECK(std::string(second.status().message()).find("process " + std::to_string(::getpid())) !=
          std::string::npos);
  }
  CHECK(DirectoryLock::acquire(folder / "LOCK").ok());
}

TEST_CASE("A lock held by another process names it, and dies with it") {
  const test::TemporaryDirectory folder;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = DirectoryLock::acquire(folder / "LOCK");
    (void)!::write(ready[1], lock.ok() ? "y" : "n", 1);
    while (true) ::pause();
  }
  char answer = 'n';
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  const auto refused = DirectoryLock::acquire(folder / "LOCK");
  CHECK(std::string(refused.status().message()).find("process " + std::to_string(child)) !=
        std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(DirectoryLock::acquire(folder / "LOCK").ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("The mere existence of a lock file, with whatever text, means nothing") {
  const test::TemporaryDirectory folder;
  std::ofstream(folder / "LOCK") << "process 1 on host elsewhere\n" << std::string(10000, 'x');
  CHECK(DirectoryLock::acquire(folder / "LOCK").ok());
}
