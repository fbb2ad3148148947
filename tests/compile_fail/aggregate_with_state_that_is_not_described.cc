// error: no matching function for call to ‘weir::WindowedStream<
// note: required for the satisfaction of ‘Serializable<typename A::Accumulator>’
#include "trade.h"

struct Sums {
  double price = 0;
};

struct Turnover {
  using Accumulator = Sums;
  static void add(Sums& sums, const Trade& trade) { sums.price += trade.price; }
  static void merge(Sums& sums, const Sums& other) { sums.price += other.price; }
  static double result(const std::string&, weir::Window, const Sums& sums) { return sums.price; }
};

void define(weir::Pipeline& pipeline) {
  trades(pipeline).key_by(&Trade::symbol).window("turnover", weir::tumbling(1min)).aggregate<Turnover>();
}
