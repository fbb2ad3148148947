// error: no matching function for call to ‘weir::KeyedStream<
// note: ProcessArguments
#include "trade.h"

class Silence {
 public:
  using Output = std::string;
  Silence(weir::StateStore&, weir::Duration) {}
  void on_event(const Trade&, weir::Context<std::string, std::string>&) {}
};

void define(weir::Pipeline& pipeline) { trades(pipeline).key_by(&Trade::symbol).process<Silence>("silence"); }
