// Files through the runtime: read, transformed, written exactly once.

#include <algorithm>
#include <atomic>
#include <thread>

#include "runtime/base/file_system.h"
#include "tests/connectors/compressed_files.h"
#include "tests/connectors/source_driver.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"
#include "weir/file.h"
#include "weir/weir.h"

using namespace std::chrono_literals;
using namespace weir;
using namespace weir::test;

namespace {

struct Event {
  int64_t number = 0;
  Timestamp at{};
};
BOOST_DESCRIBE_STRUCT(Event, (), (number, at))

std::string event_lines(int64_t from, int64_t to) {
  std::string lines;
  for (int64_t n = from; n < to; ++n) {
    lines += "{\"number\":" + std::to_string(n) + ",\"at\":" + std::to_string(n) + "}\n";
    if (n % 1000 == 7) lines += "{\"number\":\"bad\"}\n";
  }
  return lines;
}

template <class T>
std::vector<T> read_visible(const std::string& pattern) {
  SourceDriver<T> driver(file_source<T>({.path = pattern}));
  REQUIRE(driver.open().ok());
  REQUIRE(driver.drain().ok());
  return driver.values();
}

}  // namespace

TEST_CASE("A job over files that is stopped, dropped and restarted writes every record once") {
  constexpr int64_t kCount = 30000;
  const TemporaryDirectory directory;
  write_bytes(directory / "a.jsonl", event_lines(0, 10000));
  write_lines(directory / "b.jsonl.gz", event_lines(10000, 20000));
  write_lines(directory / "c.jsonl.zst", event_lines(20000, kCount));
  const std::string out = directory / "out";

  // Each run is ended at some point: by the destructor, by stop, at last by the end of the input.
  for (int round = 0; round < 12; ++round) {
    std::atomic<int> seen = 0;
    const bool is_last = round == 11;
    Pipeline pipeline;
    pipeline
        .from("events", file_source<Event>({.path = directory / "?.jsonl*"}),
              {.timestamp = &Event::at,
               .on_error = ErrorPolicy::dead_letter(
                   "bad", file_sink<DeadLetter>({.directory = out, .prefix = "bad"}))})
        .map([&seen](const Event& event) {
          seen.fetch_add(1);
          return Event{event.number * 2, event.at};
        })
        .to("doubled", file_sink<Event>({.directory = out,
                                         .prefix = "doubled",
                                         .roll_bytes = 20000,
                                         .compression = FileCompression::kZstd}));
    auto job = run(pipeline, {.name = "files",
                              .workers = 1 + round % 3,
                              .checkpoint_directory = directory / "job",
                              .checkpoint = {.interval = 5ms},
                              .batch_size = 64});
    REQUIRE(job.status() == absl::OkStatus());
    if (!is_last) {
      while (seen.load() < 500 * round && job->status().state == JobStatus::State::kRunning)
        std::this_thread::yield();
      if (round % 2 == 0) job->stop();
    }
    if (is_last || round % 2 == 0) REQUIRE(job->wait() == absl::OkStatus());
  }

  std::vector<int64_t> numbers;
  for (const Event& event : read_visible<Event>(out + "/doubled-*")) numbers.push_back(event.number);
  std::sort(numbers.begin(), numbers.end());
  REQUIRE(numbers.size() == kCount);
  for (int64_t n = 0; n < kCount; ++n) REQUIRE(numbers[static_cast<size_t>(n)] == 2 * n);

  const std::vector<DeadLetter> letters = read_visible<DeadLetter>(out + "/bad-*");
  REQUIRE(letters.size() == kCount / 1000);
  for (const DeadLetter& letter : letters) {
    CHECK(letter.record == "{\"number\":\"bad\"}");
    CHECK(letter.error == "member `number`: expected integer, found string");
    CHECK(letter.operator_id == "events");
    CHECK(letter.offset % 1001 == 9);
  }
  const std::vector<std::string> names = real_file_system().list(out).value();
  for (const std::string& name : names) CHECK(name.front() != '.');
}

TEST_CASE("Without a policy a bad line ends the job, and the error names file and line") {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.jsonl";
  write_bytes(path, event_lines(0, 100));
  Pipeline pipeline;
  pipeline.from("events", file_source<Event>({.path = path}), {.timestamp = &Event::at})
      .to("out", file_sink<Event>({.directory = directory / "out"}));
  auto job = run(pipeline, {.name = "files", .workers = 1, .checkpoint_directory = directory / "job"});
  REQUIRE(job.status() == absl::OkStatus());
  CHECK_THAT(
      std::string(job->wait().message()),
      Catch::Contains("cannot decode " + path + " line 9: member `number`: expected integer, found string"));
}
