#include "weir/file.h"
#include "weir/weir.h"

using namespace std::chrono_literals;

struct Reading {
  std::string sensor;
  double celsius = 0;
  weir::Timestamp at;
};
BOOST_DESCRIBE_STRUCT(Reading, (), (sensor, celsius, at))

void climate(weir::Pipeline& pipeline, weir::Arguments& args) {
  const auto input = args.get("input", "readings.jsonl", "JSON Lines file, plain, .gz or .zst");
  const auto output = args.get("output", "means", "Directory of the means");
  pipeline
      .from("readings", weir::file_source<Reading>({.path = input}),
            {.timestamp = &Reading::at, .max_out_of_orderness = 10s})
      .filter([](const Reading& reading) { return reading.celsius > -273; })
      .key_by(&Reading::sensor)
      .window("means", weir::tumbling(1min))
      .aggregate<weir::Mean<&Reading::celsius>>()
      .to("out", weir::file_sink<weir::Windowed<std::string, double>>({.directory = output}));
}

int main(int argc, char** argv) { return weir::run_main(argc, argv, "climate", climate); }
