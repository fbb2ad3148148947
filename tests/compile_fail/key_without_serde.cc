// error: no matching function for call to ‘weir::Stream<Trade>::
// note: KeyFunction
#include "trade.h"

struct Venue {
  std::string name;
  bool operator==(const Venue&) const = default;
};

void define(weir::Pipeline& pipeline) {
  trades(pipeline).key_by([](const Trade&) { return Venue{}; });
}
