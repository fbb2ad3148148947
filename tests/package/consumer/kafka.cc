// Links what weir::kafka brings.

#include "weir/kafka.h"
#include "weir/weir.h"

void copy(weir::Pipeline& pipeline, weir::Arguments& args) {
  const auto brokers = args.get("brokers", "127.0.0.1:1");
  pipeline.from("in", weir::kafka_source<std::string>({.brokers = brokers, .topic = "in"}))
      .to("out", weir::kafka_sink<std::string>({.brokers = brokers, .topic = "out"}));
}

int main(int argc, char** argv) { return weir::run_main(argc, argv, "copy", copy); }
