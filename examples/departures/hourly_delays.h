#pragma once
// An aggregate of one's own: the departures of an hour, cancelled ones included.

#include <algorithm>
#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "departure.h"
#include "weir/window.h"

/// What comes out for each airport and hour.
struct HourlyDelay {
  std::string origin;
  weir::Timestamp window_start;
  weir::Timestamp window_end;
  int64_t departures = 0;
  int64_t cancelled = 0;
  int64_t delay_sum_min = 0;             ///< of those that were not cancelled
  std::optional<int64_t> delay_max_min;  ///< empty: all were cancelled
};
BOOST_DESCRIBE_STRUCT(HourlyDelay, (),
                      (origin, window_start, window_end, departures, cancelled, delay_sum_min, delay_max_min))

/// What an hour that is still open keeps: state, so it is described too.
struct DelaySums {
  int64_t departures = 0;
  int64_t cancelled = 0;
  int64_t sum_min = 0;
  std::optional<int64_t> max_min;
};
BOOST_DESCRIBE_STRUCT(DelaySums, (), (departures, cancelled, sum_min, max_min))

struct HourlyDelays {
  using Accumulator = DelaySums;

  static void add(DelaySums& sums, const Departure& departure) {
    ++sums.departures;
    if (!departure.delay_min) {
      ++sums.cancelled;
      return;
    }
    sums.sum_min += *departure.delay_min;
    sums.max_min = std::max(sums.max_min, departure.delay_min);  // an empty optional is the smallest
  }
  static void merge(DelaySums& into, const DelaySums& from) {
    into.departures += from.departures;
    into.cancelled += from.cancelled;
    into.sum_min += from.sum_min;
    into.max_min = std::max(into.max_min, from.max_min);
  }
  static HourlyDelay result(const std::string& origin, weir::Window window, const DelaySums& sums) {
    return {origin, window.start, window.end, sums.departures, sums.cancelled, sums.sum_min, sums.max_min};
  }
};
