// error: no matching function for call to ‘weir::KeyedStream<
// note: the required expression ‘function.on_event(record, context)’ is invalid
#include "trade.h"

class Silence {
 public:
  using Output = std::string;
  explicit Silence(weir::StateStore&) {}
  void on_event(const std::string&, weir::Context<std::string, std::string>&) {}
};

void define(weir::Pipeline& pipeline) { trades(pipeline).key_by(&Trade::symbol).process<Silence>("silence"); }
