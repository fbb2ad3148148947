// error: ‘class weir::Stream<Trade>’ has no member named ‘window’
#include "trade.h"

void define(weir::Pipeline& pipeline) {
  trades(pipeline).window("counts", weir::tumbling(1min)).aggregate<weir::Count>();
}
