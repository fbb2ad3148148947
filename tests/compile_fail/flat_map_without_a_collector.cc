// error: no matching function for call to ‘weir::Stream<Trade>::
// note: FlatMapFunction
#include "trade.h"

void define(weir::Pipeline& pipeline) {
  trades(pipeline).flat_map([](const Trade& trade) { return std::vector{trade, trade}; });
}
