#pragma once
// A command line for any pipeline: workers, checkpoints, restore, log level, `plan`, --help, and the
// pipeline's own flags. The only part of Weir that installs signal handlers: SIGTERM and SIGINT stop with a
// final checkpoint.
//
//   void market(weir::Pipeline& pipeline, weir::Arguments& args) {    // flags first, graph second
//     auto brokers = args.get("brokers", "localhost:9092", "Kafka bootstrap servers");
//     …
//   }
//   int main(int argc, char** argv) { return weir::run_main(argc, argv, "market", market); }

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "weir/pipeline.h"
#include "weir/time.h"

namespace weir {

/// The pipeline's own flags: --name value or --name=value. Asking for a flag is what declares it; one that is
/// given and never asked for is an error, and --help lists all that were asked for.
class Arguments {
 public:
  explicit Arguments(std::map<std::string, std::string> given) : given_(std::move(given)) {}

  std::string get(std::string_view name, std::string_view otherwise, std::string_view help = "");
  std::string get(std::string_view name, const char* otherwise, std::string_view help = "") {
    return get(name, std::string_view(otherwise), help);
  }
  /// Throws std::invalid_argument, naming the flag, when the text is not a whole number in the range of
  /// int64.
  int64_t get(std::string_view name, int64_t otherwise, std::string_view help = "");
  int64_t get(std::string_view name, int otherwise, std::string_view help = "") {
    return get(name, static_cast<int64_t>(otherwise), help);
  }
  double get(std::string_view name, double otherwise, std::string_view help = "");
  /// --name, --name=true or --name=false.
  bool get(std::string_view name, bool otherwise, std::string_view help = "");
  /// "250ms", "5s", "1min", "2h", "1d".
  Duration get(std::string_view name, Duration otherwise, std::string_view help = "");

  struct Flag {
    std::string name;
    std::string otherwise;
    std::string help;
  };
  const std::vector<Flag>& asked() const { return asked_; }
  /// Given and never asked for.
  std::vector<std::string> unknown() const;

 private:
  const std::string* find(std::string_view name, std::string otherwise, std::string_view help);

  std::map<std::string, std::string> given_;
  std::vector<Flag> asked_;
};

using PipelineFunction = std::function<void(Pipeline&, Arguments&)>;

/// Parses the command line, builds the pipeline and runs it to its end. Gives the process's exit code: 0, or
/// 1 after a failure, or 2 for a command line that is wrong; the reason is on standard error.
int run_main(int argc, char** argv, std::string_view name, const PipelineFunction& define);

/// A length of time as the command line takes it: "250ms", "5s", "1min", "2h", "1d".
bool parse_duration(std::string_view text, Duration& duration);

}  // namespace weir
