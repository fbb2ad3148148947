// error: no matching function for call to ‘weir::Stream<Trade>::
// note: RecordFunction
#include "trade.h"

void define(weir::Pipeline& pipeline) {
  trades(pipeline).map([](const std::string& line) { return line.size(); });
}
