// error: no matching function for call to ‘weir::Stream<Trade>::
// note: equality_comparable
#include "trade.h"

struct Venue {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(Venue, (), (name))

void define(weir::Pipeline& pipeline) {
  trades(pipeline).key_by([](const Trade&) { return Venue{}; });
}
