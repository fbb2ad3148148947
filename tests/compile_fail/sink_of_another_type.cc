// error: cannot convert
// error: Sink<Trade>
#include "trade.h"
#include "weir/file.h"

void define(weir::Pipeline& pipeline) {
  trades(pipeline).to("out", weir::file_sink<std::string>({.directory = "out"}));
}
