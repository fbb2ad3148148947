#include "weir/run_main.h"

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/base/log.h"
#include "weir/job.h"

namespace weir {

namespace {

constexpr int kFailed = 1;
constexpr int kWrongCommandLine = 2;

/// The library's own flags.
struct Flags {
  RunOptions options;
  std::string interval = "1s";
  std::string timeout = "10min";
  std::string restore = "latest";
  std::string log_level = "info";
  bool plan = false;
  bool help = false;
};

void declare(CLI::App& app, Flags& flags) {
  RunOptions& options = flags.options;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("-h,--help", flags.help, "Print this and exit");
  app.add_option("--name", options.name,
                 "Name of the job: in checkpoints, consumer groups, transactional ids")
      ->capture_default_str();
  app.add_option("--workers", options.workers, "Threads; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--checkpoint-dir", options.checkpoint_directory,
                 "Directory of this job's checkpoints; empty: a temporary one");
  app.add_option("--checkpoint-interval", flags.interval, "From one checkpoint to the next: 100ms, 5s, 1min")
      ->capture_default_str();
  app.add_option("--checkpoint-timeout", flags.timeout, "A checkpoint that takes longer is given up")
      ->capture_default_str();
  app.add_option("--restore", flags.restore,
                 "latest, none (refuse to start over a checkpoint), or a number that must be the newest")
      ->capture_default_str();
  app.add_flag("--allow-unclaimed-state", options.allow_unclaimed_state,
               "Drop state that no operator of this pipeline claims");
  app.add_option("--restart-attempts", options.restart.attempts,
                 "Restarts after failures before the job fails")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--memory-budget", options.memory_budget,
                 "Bytes for keyed state in memory; 0: a quarter of the machine's")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--batch-size", options.batch_size, "Largest number of records that move together")
      ->check(CLI::Range(size_t{1}, kMaxBatchSize))
      ->capture_default_str();
  app.add_option("--channel-capacity", options.channel_capacity, "Batches that may wait between two workers")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
  app.add_flag("--pin-workers", options.pin_workers, "Pin worker i to core i");
  app.add_option("--log-level", flags.log_level, "debug, info, warn, error or off")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->capture_default_str();
  app.add_subcommand("plan", "Print the graph as text and as Graphviz DOT, and run nothing")
      ->fallthrough()
      ->callback([&flags] { flags.plan = true; });
}

/// Turns texts into options; throws std::invalid_argument.
void finish(Flags& flags) {
  RunOptions& options = flags.options;
  if (!parse_duration(flags.interval, options.checkpoint.interval) ||
      options.checkpoint.interval <= Duration::zero())
    throw std::invalid_argument(
        "flag --checkpoint-interval: expected a length of time such as 100ms or 5s, got \"" + flags.interval +
        "\"");
  if (!parse_duration(flags.timeout, options.checkpoint.timeout) ||
      options.checkpoint.timeout <= Duration::zero())
    throw std::invalid_argument(
        "flag --checkpoint-timeout: expected a length of time such as 30s or 10min, got \"" + flags.timeout +
        "\"");
  if (flags.restore == "latest") {
    options.restore.from = RestoreChoice::From::kLatest;
  } else if (flags.restore == "none") {
    options.restore.from = RestoreChoice::From::kNone;
  } else if (flags.restore.find_first_not_of("0123456789") == std::string::npos && !flags.restore.empty() &&
             flags.restore.size() < 19) {
    options.restore = {RestoreChoice::From::kEpoch, std::stoull(flags.restore)};
  } else {
    throw std::invalid_argument(
        "flag --restore: expected latest, none or the number of a checkpoint, got \"" + flags.restore + "\"");
  }
}

/// --name value, --name=value and --name; throws std::invalid_argument for anything else.
std::map<std::string, std::string> pipeline_flags(const std::vector<std::string>& rest) {
  std::map<std::string, std::string> given;
  for (size_t i = 0; i < rest.size(); ++i) {
    const std::string& text = rest[i];
    if (!text.starts_with("--") || text.size() == 2)
      throw std::invalid_argument("unexpected argument \"" + text + "\"");
    const size_t equals = text.find('=');
    std::string name = text.substr(2, equals == std::string::npos ? equals : equals - 2);
    std::string value;
    if (equals != std::string::npos)
      value = text.substr(equals + 1);
    else if (i + 1 < rest.size() && !rest[i + 1].starts_with("--"))
      value = rest[++i];
    if (!given.emplace(name, value).second) throw std::invalid_argument("flag --" + name + " is given twice");
  }
  return given;
}

void print_help(CLI::App& app, const Arguments& arguments) {
  std::string text = app.help();
  if (!arguments.asked().empty()) text += "\nFlags of this pipeline:\n";
  for (const Arguments::Flag& flag : arguments.asked()) {
    absl::StrAppendFormat(&text, "  --%-25s %s [%s]\n", flag.name, flag.help, flag.otherwise);
  }
  std::fputs(text.c_str(), stdout);
}

/// Stops the job at the first SIGTERM or SIGINT; the second one kills the process.
class StopOnSignal {
 public:
  explicit StopOnSignal(Job& job) : signals_(loop_, SIGTERM, SIGINT) {
    signals_.async_wait([this, &job](const boost::system::error_code& error, int signal) {
      if (error) return;
      log()->info("signal {}: stops with a final checkpoint; once more to stop at once", signal);
      job.stop();
      boost::system::error_code ignored;
      signals_.clear(ignored);
    });
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~StopOnSignal() {
    loop_.stop();
    thread_.join();
  }

 private:
  boost::asio::io_context loop_{1};
  boost::asio::signal_set signals_;
  std::thread thread_;
};

int run_to_end(const Pipeline& pipeline, const RunOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  absl::StatusOr<Job> job = run(pipeline, options);
  if (!job.ok()) {
    std::fprintf(stderr, "%s: %s\n", options.name.c_str(), std::string(job.status().message()).c_str());
    return kFailed;
  }
  absl::Status ended;
  {
    const StopOnSignal stop_on_signal(*job);
    ended = job->wait();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const JobStatus status = job->status();
  uint64_t records = 0;
  uint64_t skipped = 0;
  for (size_t i = 0; i < status.operators.size(); ++i) {
    if (pipeline.graph().nodes[i].kind != detail::NodeKind::kSource) continue;
    records += status.operators[i].records_in;
    skipped += status.operators[i].skipped;
  }
  if (!ended.ok()) {
    std::fprintf(stderr, "%s: %s\n", options.name.c_str(), std::string(ended.message()).c_str());
    return kFailed;
  }
  std::printf("%s: %llu records in %.2f s (%.0f records/s), %llu skipped, %llu checkpoints, %d restarts\n",
              options.name.c_str(), static_cast<unsigned long long>(records), seconds,
              static_cast<double>(records) / seconds, static_cast<unsigned long long>(skipped),
              static_cast<unsigned long long>(status.checkpoints), status.restarts);
  return 0;
}

}  // namespace

int run_main(int argc, char** argv, std::string_view name, const PipelineFunction& define) {
  Flags flags;
  flags.options.name = name;
  CLI::App app("Runs the pipeline " + std::string(name), std::string(name));
  declare(app, flags);
  try {
    app.parse(argc, argv);
    finish(flags);
    log()->set_level(spdlog::level::from_str(flags.log_level));
    Arguments arguments(pipeline_flags(app.remaining(true)));
    Pipeline pipeline;
    define(pipeline, arguments);
    if (flags.help) {
      print_help(app, arguments);
      return 0;
    }
    if (const std::vector<std::string> unknown = arguments.unknown(); !unknown.empty())
      throw std::invalid_argument("unknown flag --" + unknown.front() + "; --help lists the flags");
    if (flags.plan) {
      const int workers = resolved_workers(flags.options.workers);
      if (absl::Status status = pipeline.check(); !status.ok())
        throw std::invalid_argument(std::string(status.message()));
      std::fputs((pipeline.plan_text(workers) + "\n" + pipeline.plan_dot(workers)).c_str(), stdout);
      return 0;
    }
    return run_to_end(pipeline, flags.options);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "%s: %s; --help lists the flags\n", std::string(name).c_str(), error.what());
    return kWrongCommandLine;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "%s: %s\n", std::string(name).c_str(), error.what());
    return kWrongCommandLine;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: the pipeline function threw: %s\n", std::string(name).c_str(), error.what());
    return kFailed;
  }
}

}  // namespace weir
