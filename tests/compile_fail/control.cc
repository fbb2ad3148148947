// Compiles: the same shapes as the cases, right. Its command line is the one that the cases are compiled
// with.

#include "trade.h"
#include "weir/file.h"

struct Venue {
  std::string name;
  bool operator==(const Venue&) const = default;
};
BOOST_DESCRIBE_STRUCT(Venue, (), (name))

struct Turnover {
  using Accumulator = double;
  static void add(double& sum, const Trade& trade) { sum += trade.price; }
  static void merge(double& sum, const double& other) { sum += other; }
  static double result(const std::string&, weir::Window, const double& sum) { return sum; }
};

class Silence {
 public:
  using Output = std::string;
  Silence(weir::StateStore&, weir::Duration) {}
  void on_event(const Trade&, weir::Context<std::string, std::string>&) {}
  void on_timer(weir::Timestamp, weir::Context<std::string, std::string>&) {}
};

void define(weir::Pipeline& pipeline) {
  auto all = trades(pipeline);
  all.filter([](const Trade& trade) { return trade.price > 0; })
      .merge(all.map([](const Trade& trade) { return trade; }))
      .flat_map([](const Trade& trade, weir::Collector<Trade>& out) { out.emit(trade); })
      .key_by([](const Trade&) { return Venue{}; });
  auto keyed = all.key_by(&Trade::symbol);
  keyed.window("turnover", weir::tumbling(1min)).aggregate<Turnover>();
  keyed.process<Silence>("silence", 30s).to("out", weir::file_sink<std::string>({.directory = "out"}));
}
