// error: weir::FromOptions<Trade>
#include "trade.h"

void define(weir::Pipeline& pipeline) {
  pipeline.from("trades", weir::generator<Trade>({.make = [](uint64_t) { return Trade{}; }}),
                {.timestamp = &Trade::price});
}
