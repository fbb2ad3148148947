// error: no matching function for call to ‘weir::WindowedStream<
// note: the required expression ‘aggregate.result(key, window, from)’ is invalid
#include "trade.h"

struct Turnover {
  using Accumulator = double;
  static void add(double& sum, const Trade& trade) { sum += trade.price; }
  static void merge(double& sum, const double& other) { sum += other; }
};

void define(weir::Pipeline& pipeline) {
  trades(pipeline).key_by(&Trade::symbol).window("turnover", weir::tumbling(1min)).aggregate<Turnover>();
}
