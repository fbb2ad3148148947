// error: no matching function for call to ‘weir::KeyedStream<
// note: required for the satisfaction of ‘TimersFit<F, K>’
#include "trade.h"

class Silence {
 public:
  using Output = std::string;
  explicit Silence(weir::StateStore&) {}
  void on_event(const Trade&, weir::Context<std::string, std::string>&) {}
  void on_timer(weir::Timestamp) {}
};

void define(weir::Pipeline& pipeline) { trades(pipeline).key_by(&Trade::symbol).process<Silence>("silence"); }
