#pragma once
// The pipeline of these tests: numbers, some out of order, counted and summed by key in windows; and its
// oracle.

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <tuple>

#include "tests/support/memory_sink.h"
#include "weir/generator.h"
#include "weir/weir.h"

namespace weir::test {

struct Number {
  int64_t key = 0;
  int64_t value = 0;
  Timestamp at{};
};
BOOST_DESCRIBE_STRUCT(Number, (), (key, value, at))

struct Result {
  int64_t key = 0;
  int64_t start = 0;
  int64_t count = 0;
  int64_t sum = 0;
  friend auto operator<=>(const Result&, const Result&) = default;
};
BOOST_DESCRIBE_STRUCT(Result, (), (key, start, count, sum))

struct CountAndSum {
  int64_t count = 0;
  int64_t sum = 0;
};
BOOST_DESCRIBE_STRUCT(CountAndSum, (), (count, sum))

struct Summary {
  using Accumulator = CountAndSum;
  static void add(Accumulator& to, const Number& number) {
    ++to.count;
    to.sum += number.value;
  }
  static void merge(Accumulator& to, const Accumulator& from) {
    to.count += from.count;
    to.sum += from.sum;
  }
  static Result result(const int64_t& key, Window window, const Accumulator& from) {
    return {key, to_millis(window.start), from.count, from.sum};
  }
};

inline Number number(uint64_t i, int64_t keys) {
  const auto n = static_cast<int64_t>(i);
  return {(n * 7919) % keys, n % 101, from_millis(n - (n * 31) % 50)};
}

inline constexpr Duration kSize{100};
inline constexpr Duration kDisorder{60};

struct CountingOptions {
  uint64_t count = 20'000;
  int64_t keys = 37;
  double rate = 0;
  Id windows = "windows";
  /// Called for each record before it is counted.
  std::function<void(const Number&)> before = nullptr;
};

inline void counting_pipeline(Pipeline& pipeline, std::shared_ptr<MemoryTopic<Result>> topic,
                              CountingOptions options) {
  const int64_t keys = options.keys;
  pipeline
      .from("numbers",
            generator<Number>({.make = [keys](uint64_t i) { return number(i, keys); },
                               .count = options.count,
                               .rate = options.rate,
                               .splits = 4}),
            {.timestamp = &Number::at, .max_out_of_orderness = kDisorder})
      .map([before = options.before](const Number& n) {
        if (before) before(n);
        return n;
      })
      .key_by(&Number::key)
      .window(options.windows, tumbling(kSize))
      .aggregate<Summary>()
      .to("results", memory_sink<Result>(std::move(topic)));
}

inline std::vector<Result> expected(uint64_t count, int64_t keys) {
  std::map<std::pair<int64_t, int64_t>, Result> by_window;
  for (uint64_t i = 0; i < count; ++i) {
    const Number n = number(i, keys);
    const int64_t at = to_millis(n.at);
    const int64_t start = at - ((at % kSize.count()) + kSize.count()) % kSize.count();
    Result& result = by_window[{n.key, start}];
    result.key = n.key;
    result.start = start;
    ++result.count;
    result.sum += n.value;
  }
  std::vector<Result> results;
  for (const auto& [window, result] : by_window) results.push_back(result);
  std::sort(results.begin(), results.end());
  return results;
}

/// Empty when both hold the same results, else the first few that differ.
inline std::string difference(std::vector<Result> actual, const std::vector<Result>& wanted) {
  std::sort(actual.begin(), actual.end());
  std::string text;
  const auto list = [&](const std::vector<Result>& from, const std::vector<Result>& other, const char* what) {
    std::vector<Result> only;
    std::set_difference(from.begin(), from.end(), other.begin(), other.end(), std::back_inserter(only));
    if (only.empty()) return;
    text += std::to_string(only.size()) + what;
    for (size_t i = 0; i < only.size() && i < 5; ++i) {
      const Result& r = only[i];
      text += " {key " + std::to_string(r.key) + " start " + std::to_string(r.start) + " count " +
              std::to_string(r.count) + " sum " + std::to_string(r.sum) + "}";
    }
    text += "\n";
  };
  list(actual, wanted, " too many:");
  list(wanted, actual, " missing:");
  return text;
}

inline std::shared_ptr<MemoryTopic<Result>> topic() {
  auto topic = std::make_shared<MemoryTopic<Result>>();
  topic->name = "results";
  return topic;
}

}  // namespace weir::test
