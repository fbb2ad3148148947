#pragma once
// The record and the stream that the cases misuse.

#include "weir/generator.h"
#include "weir/weir.h"

using namespace std::chrono_literals;

struct Trade {
  std::string symbol;
  double price = 0;
  weir::Timestamp at;
};
BOOST_DESCRIBE_STRUCT(Trade, (), (symbol, price, at))

inline weir::Stream<Trade> trades(weir::Pipeline& pipeline) {
  return pipeline.from("trades", weir::generator<Trade>({.make = [](uint64_t) { return Trade{}; }}),
                       {.timestamp = &Trade::at});
}
