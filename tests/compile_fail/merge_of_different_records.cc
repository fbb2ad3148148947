// error: cannot convert ‘weir::Stream<double>’ to ‘const weir::Stream<Trade>&’
#include "trade.h"

void define(weir::Pipeline& pipeline) {
  auto all = trades(pipeline);
  all.merge(all.map([](const Trade& trade) { return trade.price; }));
}
