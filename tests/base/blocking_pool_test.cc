#include "runtime/base/blocking_pool.h"

#include <spdlog/sinks/ostream_sink.h>

#include <atomic>
#include <latch>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "runtime/base/log.h"
#include "tests/support/catch.h"

using namespace weir;  // NOLINT

TEST_CASE(
    "Everything posted runs before join returns, also what running work posts, and join may be called "
    "again") {
  std::atomic<int> ran = 0;
  BlockingPool pool(3);
  for (int i = 0; i < 100; ++i) {
    pool.post([&] {
      ++ran;
      pool.post([&] { ++ran; });
    });
  }
  pool.join();
  CHECK(ran == 200);
  pool.join();
}

TEST_CASE("Work runs on as many threads as asked for: they can meet") {
  BlockingPool pool(2);
  std::latch both(2);
  for (int i = 0; i < 2; ++i) pool.post([&] { both.arrive_and_wait(); });
  pool.join();
}

TEST_CASE("A pool of no threads has one, and work may own what it moves in") {
  auto owned = std::make_unique<int>(41);
  std::atomic<int> seen = 0;
  {
    BlockingPool pool(0);
    pool.post([&seen, owned = std::move(owned)] { seen = *owned + 1; });
  }
  CHECK(seen == 42);
}

TEST_CASE("An exception out of work goes to the host's logger, and the pool goes on") {
  std::ostringstream lines;
  set_logger(
      std::make_shared<spdlog::logger>("host", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines)));
  std::atomic<bool> ran = false;
  {
    BlockingPool pool(1);
    pool.post([] { throw std::runtime_error("disk on fire"); });
    pool.post([] { throw 7; });
    pool.post([&] { ran = true; });
  }
  set_logger(nullptr);
  CHECK(ran);
  CHECK(lines.str().find("disk on fire") != std::string::npos);
  CHECK(log() != nullptr);
}
