#include "tests/job/counting_pipeline.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

TEST_CASE(
    "a bounded pipeline ends with all its output out, for any number of workers, batch size and capacity") {
  for (const int workers : {1, 2, 3}) {
    for (const size_t batch : {size_t{1}, size_t{3}, kMaxBatchSize}) {
      for (const size_t capacity : {1, 16}) {
        const uint64_t count = batch == 1 ? 3'000 : 20'000;
        auto out = topic();
        Pipeline pipeline;
        counting_pipeline(pipeline, out, {.count = count});
        TemporaryDirectory directory;
        auto job = run(pipeline, {.name = "counts",
                                  .workers = workers,
                                  .checkpoint_directory = directory / "job",
                                  .checkpoint = {.interval = 20ms},
                                  .batch_size = batch,
                                  .channel_capacity = capacity});
        REQUIRE(job.status() == absl::OkStatus());
        REQUIRE(job->wait() == absl::OkStatus());
        INFO("workers " << workers << " batch " << batch << " capacity " << capacity);
        REQUIRE(difference(out->records(), expected(count, 37)) == "");
        REQUIRE(std::is_sorted(out->markers.begin(), out->markers.end()));
        const JobStatus status = job->status();
        REQUIRE(status.state == JobStatus::State::kFinished);
        REQUIRE(status.operators[0].records_in == count);
        REQUIRE(status.applied_epoch == status.decided_epoch);
      }
    }
  }
}

TEST_CASE("results come in order per key") {
  auto out = topic();
  Pipeline pipeline;
  counting_pipeline(pipeline, out, {});
  auto job = run(pipeline, {.name = "counts", .workers = 2, .checkpoint = {.interval = 20ms}});
  REQUIRE(job.ok());
  REQUIRE(job->wait().ok());
  std::map<int64_t, int64_t> last;
  for (const Result& result : out->records()) {
    const auto [at, fresh] = last.emplace(result.key, result.start);
    if (fresh) continue;
    REQUIRE(at->second < result.start);
    at->second = result.start;
  }
}

TEST_CASE(
    "C47 through merge and key_by: two sources merged give the union's results, with checkpoints on the "
    "way") {
  for (const int workers : {1, 2}) {
    auto out = topic();
    Pipeline pipeline;
    const auto source = [&](Id id, uint64_t from, uint64_t count) {
      return pipeline.from(
          id,
          generator<Number>({.make = [from](uint64_t i) { return number(from + i, 37); }, .count = count}),
          {.timestamp = &Number::at, .max_out_of_orderness = 1h});
    };
    source("first", 0, 9'000)
        .merge(source("second", 9'000, 11'000))
        .key_by(&Number::key)
        .window("windows", tumbling(kSize))
        .aggregate<Summary>()
        .to("results", memory_sink<Result>(out));
    auto job = run(pipeline,
                   {.name = "counts", .workers = workers, .checkpoint = {.interval = 5ms}, .batch_size = 16});
    REQUIRE(job.ok());
    REQUIRE(job->wait().ok());
    REQUIRE(difference(out->records(), expected(20'000, 37)) == "");
    REQUIRE(job->status().checkpoints > 1);
  }
}

TEST_CASE("a stream used twice gives every record to both") {
  auto out = topic();
  auto all = topic();
  all->name = "all";
  Pipeline pipeline;
  auto numbers = pipeline.from(
      "numbers", generator<Number>({.make = [](uint64_t i) { return number(i, 5); }, .count = 1000}),
      {.timestamp = &Number::at, .max_out_of_orderness = kDisorder});
  auto keyed = numbers.key_by(&Number::key);
  keyed.window("windows", tumbling(kSize)).aggregate<Summary>().to("results", memory_sink<Result>(out));
  numbers.map([](const Number& n) {
           return Result{n.key, 0, 1, n.value};
         })
      .to("all", memory_sink<Result>(all));
  auto job = run(pipeline, {.workers = 2});
  REQUIRE(job.ok());
  REQUIRE(job->wait().ok());
  REQUIRE(difference(out->records(), expected(1000, 5)) == "");
  REQUIRE(all->records().size() == 1000);
}

TEST_CASE("stop takes a final checkpoint and the next start goes on where it was") {
  TemporaryDirectory directory;
  auto out = topic();
  const RunOptions options{.name = "counts",
                           .workers = 2,
                           .checkpoint_directory = directory / "job",
                           .checkpoint = {.interval = 10ms}};
  uint64_t stopped_at = 0;
  {
    Pipeline pipeline;
    std::atomic<uint64_t> seen{0};
    counting_pipeline(pipeline, out, {.rate = 100'000, .before = [&](const Number&) { ++seen; }});
    auto job = run(pipeline, options);
    REQUIRE(job.ok());
    while (seen < 5'000) std::this_thread::yield();
    job->stop();
    REQUIRE(job->wait().ok());
    stopped_at = job->status().operators[0].records_in;
    REQUIRE(stopped_at < 20'000);
    REQUIRE(job->status().applied_epoch == job->status().decided_epoch);
  }
  Pipeline pipeline;
  counting_pipeline(pipeline, out, {});
  auto job = run(pipeline, options);
  REQUIRE(job.status() == absl::OkStatus());
  REQUIRE(job->wait().ok());
  REQUIRE(difference(out->records(), expected(20'000, 37)) == "");
  REQUIRE(job->status().operators[0].records_in == 20'000 - stopped_at);
}

TEST_CASE(
    "a job that is destroyed while it runs loses nothing: the next start repeats what was not decided") {
  TemporaryDirectory directory;
  auto out = topic();
  const RunOptions options{.name = "counts",
                           .workers = 2,
                           .checkpoint_directory = directory / "job",
                           .checkpoint = {.interval = 5ms}};
  for (int round = 0; round < 5; ++round) {
    Pipeline pipeline;
    std::atomic<uint64_t> seen{0};
    counting_pipeline(pipeline, out, {.rate = 200'000, .before = [&](const Number&) { ++seen; }});
    auto job = run(pipeline, options);
    REQUIRE(job.status() == absl::OkStatus());
    while (seen < 2'000) {
      if (job->status().state == JobStatus::State::kFinished) break;
      std::this_thread::yield();
    }
  }
  Pipeline pipeline;
  counting_pipeline(pipeline, out, {});
  auto job = run(pipeline, options);
  REQUIRE(job.status() == absl::OkStatus());
  REQUIRE(job->wait().ok());
  REQUIRE(difference(out->records(), expected(20'000, 37)) == "");
}

TEST_CASE("a job that has ended no longer holds its directory, though its handle lives") {
  TemporaryDirectory directory;
  auto out = topic();
  std::vector<Job> handles;
  for (int round = 0; round < 2; ++round) {
    Pipeline pipeline;
    counting_pipeline(pipeline, out, {.count = 100});
    auto job = run(pipeline, {.name = "counts", .workers = 1, .checkpoint_directory = directory / "job"});
    REQUIRE(job.status() == absl::OkStatus());
    handles.push_back(*std::move(job));
    REQUIRE(handles.back().wait().ok());
  }
}

TEST_CASE("an idle pipeline of many starts ends again at once and repeats nothing") {
  TemporaryDirectory directory;
  auto out = topic();
  for (int round = 0; round < 3; ++round) {
    Pipeline pipeline;
    counting_pipeline(pipeline, out, {.count = 1'000});
    auto job = run(pipeline, {.name = "counts", .workers = 2, .checkpoint_directory = directory / "job"});
    REQUIRE(job.status() == absl::OkStatus());
    REQUIRE(job->wait().ok());
    REQUIRE(difference(out->records(), expected(1'000, 37)) == "");
  }
}
