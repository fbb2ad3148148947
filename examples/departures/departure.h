#pragma once
// The input: one scheduled departure from New York, as it is on a line of the file and in the topic.

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "weir/time.h"

struct Departure {
  std::string flight;
  std::string carrier;
  std::string origin;
  std::string dest;
  std::optional<std::string> tail;
  weir::Timestamp scheduled;  ///< event time
  weir::Timestamp observed;
  std::optional<int64_t> delay_min;  ///< negative: early; empty: cancelled
  int64_t distance_mi = 0;
};
BOOST_DESCRIBE_STRUCT(Departure, (),
                      (flight, carrier, origin, dest, tail, scheduled, observed, delay_min, distance_mi))
