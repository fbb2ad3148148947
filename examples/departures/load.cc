// Fills the topic that the departures example reads: a pipeline of its own, file to topic.

#include <stdexcept>

#include "departure.h"
#include "endpoints.h"
#include "weir/weir.h"

void load(weir::Pipeline& pipeline, weir::Arguments& args) {
  const Endpoints endpoints(args);
  if (!endpoints.kafka()) throw std::invalid_argument("flag --brokers: needed, for example localhost:9092");
  pipeline.from("file", endpoints.file()).to("topic", endpoints.topic_in());
}

int main(int argc, char** argv) { return weir::run_main(argc, argv, "departures-load", load); }
