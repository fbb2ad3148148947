#include "weir/generator.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "runtime/base/rate_limiter.h"
#include "tests/connectors/source_driver.h"
#include "tests/support/catch.h"

using namespace weir;
using namespace weir::test;

namespace {

Source<uint64_t> numbers(uint64_t count, double rate = 0, int splits = 0) {
  return generator<uint64_t>(
      {.make = [](uint64_t index) { return index * 10; },
       .count = count,
       .rate = rate,
       .splits = splits,
       .timestamp = [](const uint64_t& n) { return from_millis(static_cast<int64_t>(n)); }});
}

std::vector<uint64_t> sorted(std::vector<uint64_t> values) {
  std::sort(values.begin(), values.end());
  return values;
}

std::vector<uint64_t> expected(uint64_t count) {
  std::vector<uint64_t> values(count);
  std::iota(values.begin(), values.end(), 0);
  for (uint64_t& value : values) value *= 10;
  return values;
}

}  // namespace

TEST_CASE("Every index is made once, whatever the workers, splits and batches") {
  const int workers = GENERATE(1, 2, 5);
  const int splits = GENERATE(0, 1, 3, 7);
  const size_t batch = GENERATE(1, 4, 1024);
  SourceDriver<uint64_t> driver(numbers(100, 0, splits), workers);
  REQUIRE(driver.open().ok());
  REQUIRE(driver.drain(batch).ok());
  CHECK(sorted(driver.values()) == expected(100));
  for (const auto& record : driver.records) {
    REQUIRE(record.value == static_cast<uint64_t>(record.offset) * 10);
    REQUIRE(record.time == from_millis(static_cast<int64_t>(record.value)));
  }
}

TEST_CASE("A restart goes on at the next index, with another number of workers too") {
  const int splits = GENERATE(0, 3);
  for (size_t stop = 0; stop < 12; ++stop) {
    SourceDriver<uint64_t> first(numbers(50, 0, splits), 2);
    REQUIRE(first.open().ok());
    for (size_t i = 0; i < stop; ++i) REQUIRE(first.step(3).ok());
    const std::vector<SplitPosition> positions = first.positions();
    SourceDriver<uint64_t> second(numbers(50, 0, splits), 4);
    REQUIRE(second.open(&positions).ok());
    REQUIRE(second.drain(3).ok());
    std::vector<uint64_t> all = first.values();
    const std::vector<uint64_t> rest = second.values();
    all.insert(all.end(), rest.begin(), rest.end());
    REQUIRE(sorted(all) == expected(50));
  }
}

TEST_CASE("The number of splits cannot change, nor can positions be another source's") {
  const std::vector<SplitPosition> two = {{"generator-0-of-2", "4"}, {"generator-1-of-2", "5"}};
  SourceDriver<uint64_t> driver(numbers(50, 0, 3));
  CHECK(driver.open(&two).message() ==
        "source 'in': the checkpoint holds 2 splits, the option `splits` says 3; the number cannot change");
  for (const char* bad : {"5", "x", "", "-2", "4 ", "99999999999999999999"}) {
    const std::vector<SplitPosition> positions = {{"generator-0-of-2", bad}};
    SourceDriver<uint64_t> other(numbers(50));
    CHECK_THAT(std::string(other.open(&positions).message()), Catch::Contains("is not one of a generator"));
  }
  for (const char* bad :
       {"a.jsonl", "generator-2-of-2", "generator-0-of-", "generator-0-of-2x", "generator--1-of-2"}) {
    const std::vector<SplitPosition> positions = {{bad, "0"}};
    SourceDriver<uint64_t> other(numbers(50));
    CHECK_THAT(std::string(other.open(&positions).message()), Catch::Contains("is not one of a generator"));
  }
}

TEST_CASE("Without a count there is no end") {
  SourceDriver<uint64_t> driver(numbers(0), 2);
  REQUIRE(driver.open().ok());
  for (int i = 0; i < 20; ++i) REQUIRE(*driver.step(1000) == Poll::kMore);
  CHECK(driver.records.size() == 40000);
}

TEST_CASE("The rate is that of all workers together") {
  const int workers = GENERATE(1, 2, 4);
  SourceDriver<uint64_t> driver(numbers(0, 1000, 4), workers);
  REQUIRE(driver.open().ok());
  CHECK(*driver.step(1024) == Poll::kIdle);
  for (int i = 0; i < 100; ++i) {
    driver.clock.advance(Duration{10});
    while (*driver.step(1024) != Poll::kIdle) {
    }
  }
  CHECK(driver.records.size() == 1000);
}

TEST_CASE("A source that was held back does not rush") {
  VirtualClock clock;
  RateLimiter limiter(clock, 1000);
  CHECK(limiter.available(10) == 0);
  clock.advance(Duration{3600000});
  CHECK(limiter.available(5000) == 101);
  limiter.take(101);
  CHECK(limiter.available(1) == 0);
  clock.advance(Duration{-50});
  CHECK(limiter.available(1) == 0);
  clock.advance(Duration{7});
  CHECK(limiter.available(5000) == 7);
}

TEST_CASE("Slow rates come to their records too") {
  VirtualClock clock;
  RateLimiter limiter(clock, 0.3);
  size_t made = 0;
  for (int i = 0; i < 10000; ++i) {
    clock.advance(Duration{10});
    const size_t now = limiter.available(10);
    limiter.take(now);
    made += now;
  }
  CHECK(made == 30);
}

TEST_CASE("Options that cannot work are refused") {
  CHECK(generator<int>({}).factory()->check().message() == "generator: the option `make` is empty");
  CHECK(numbers(1, -1).factory()->check().message() == "generator: the option `rate` is -1, not 0 to 1e12");
  CHECK(!numbers(1, std::numeric_limits<double>::quiet_NaN()).factory()->check().ok());
  CHECK(!numbers(1, 0, -1).factory()->check().ok());
  CHECK(numbers(1).factory()->check().ok());
}
