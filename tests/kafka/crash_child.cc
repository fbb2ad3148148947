// What crash_test kills: a job's output without the job. Recovers, delivers what is decided, makes the epochs
// up to the last one. The decided epochs are lines of <directory>/decided.
//
//   kafka_crash_child <job> <topic> <directory> <epochs> <records each>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "runtime/base/file_system.h"
#include "weir/kafka.h"

namespace {

using namespace weir;

[[noreturn]] void fail(const absl::Status& status) {
  std::cerr << "kafka_crash_child: " << status.ToString() << "\n";
  std::exit(3);
}
template <class T>
T take(absl::StatusOr<T> value) {
  if (!value.ok()) fail(value.status());
  return *std::move(value);
}

std::vector<EpochOutput> load(const std::string& path) {
  std::vector<EpochOutput> epochs;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    EpochOutput& epoch = epochs.emplace_back();
    std::string cut;
    fields >> epoch.epoch.number >> cut;
    epoch.cut.parse(cut);
    for (Segment s; fields >> s.name >> s.records >> s.bytes >> s.checksum;) epoch.segments.push_back(s);
  }
  return epochs;
}

/// The decision: written, synced, renamed, directory synced.
void decide(const std::string& directory, const std::vector<EpochOutput>& epochs) {
  std::ostringstream text;
  for (const EpochOutput& epoch : epochs) {
    text << epoch.epoch.number << ' ' << epoch.cut.to_string();
    for (const Segment& s : epoch.segments)
      text << ' ' << s.name << ' ' << s.records << ' ' << s.bytes << ' ' << s.checksum;
    text << '\n';
  }
  FileSystem& files = real_file_system();
  if (absl::Status s = files.remove(directory + "/new"); !s.ok()) fail(s);
  if (absl::Status s = write_file(files, directory + "/new", text.str()); !s.ok()) fail(s);
  if (absl::Status s = files.rename(directory + "/new", directory + "/decided"); !s.ok()) fail(s);
  if (absl::Status s = files.sync_directory(directory); !s.ok()) fail(s);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const std::string job = argv[1], topic = argv[2], directory = argv[3];
  const int last = std::atoi(argv[4]), records = std::atoi(argv[5]);
  KafkaSinkOptions<std::string> options;
  options.brokers = std::getenv("WEIR_KAFKA_BOOTSTRAP");
  options.topic = topic;
  const auto sink = kafka_sink<std::string>(options).factory();
  const auto stamp = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());

  TargetContext context;
  context.job = job;
  context.incarnation = "0011";
  context.instance = std::to_string(stamp);
  context.outbox = directory;
  context.checkpoint_timeout = Duration{5000};
  context.cancelled = [] { return false; };
  const auto factory = sink->target();
  const TargetFactory* const factories[] = {factory.get()};
  const auto target = take(factory->open(context, factories));

  std::vector<EpochOutput> epochs = load(directory + "/decided");
  TargetProgress progress;
  progress.chain = epochs;
  size_t out = take(target->recover(progress, epochs.size() <= 1));

  SinkContext sink_context{.id = "out", .job = job, .clock = system_clock()};
  sink_context.attempt = stamp;
  sink_context.outbox = directory;
  const auto writer = sink->make();
  if (absl::Status s = writer->open(std::move(sink_context)); !s.ok()) fail(s);
  while (true) {
    if (out < epochs.size()) {
      take(target->commit(absl::MakeSpan(epochs).subspan(out)));
      target->discard(epochs.back().segments);
      out = epochs.size();
    }
    const auto number = static_cast<int>(epochs.size());
    if (number > last) return 0;
    EpochOutput next{Epoch{static_cast<uint64_t>(number)}, Cut::draw(), {}};
    Batch<std::string> batch;
    for (int i = 0; number > 0 && i < records; ++i) {
      batch.push_back(std::to_string(number) + "." + std::to_string(i), from_millis(1));
    }
    if (absl::Status s = writer->write(batch); !s.ok()) fail(s);
    next.segments = take(writer->seal(next.epoch)());
    epochs.push_back(std::move(next));
    decide(directory, epochs);
  }
}
