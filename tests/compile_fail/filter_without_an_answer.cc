// error: no matching function for call to ‘weir::Stream<Trade>::
// note: RecordPredicate
#include "trade.h"

void define(weir::Pipeline& pipeline) {
  trades(pipeline).filter([](const Trade& trade) { return trade.symbol; });
}
