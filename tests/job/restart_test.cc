#include "tests/job/counting_pipeline.h"
#include "tests/support/catch.h"
#include "tests/support/seed.h"
#include "tests/support/temporary_directory.h"

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("a failing task restarts the job from its last checkpoint and the results are the same") {
  for (const int workers : {1, 2}) {
    auto out = topic();
    auto failures = std::make_shared<std::atomic<int>>(0);
    auto seen = std::make_shared<std::atomic<int>>(0);
    Pipeline pipeline;
    counting_pipeline(pipeline, out, {.rate = 200'000, .before = [=](const Number&) {
                                        if (++*seen % 6'000 == 0 && failures->fetch_add(1) < 3)
                                          throw std::runtime_error("planned");
                                      }});
    auto job = run(pipeline, {.name = "counts",
                              .workers = workers,
                              .checkpoint = {.interval = 5ms},
                              .restart = {.attempts = 5, .delay = 1ms}});
    REQUIRE(job.status() == absl::OkStatus());
    REQUIRE(job->wait() == absl::OkStatus());
    REQUIRE(job->status().restarts == 3);
    REQUIRE(difference(out->records(), expected(20'000, 37)) == "");
  }
}

TEST_CASE("a function that always throws fails the job with operator and position, and the process lives") {
  auto out = topic();
  Pipeline pipeline;
  counting_pipeline(pipeline, out, {.before = [](const Number& n) {
                      if (n.at >= from_millis(5'000))
                        throw std::runtime_error("cannot do " + std::to_string(n.key));
                    }});
  auto job = run(pipeline, {.name = "counts", .workers = 1, .restart = {.attempts = 2, .delay = 1ms}});
  REQUIRE(job.ok());
  const absl::Status status = job->wait();
  REQUIRE_FALSE(status.ok());
  REQUIRE_THAT(std::string(status.message()),
               Contains("map-1") && Contains("cannot do") && Contains("offset"));
  REQUIRE(job->status().state == JobStatus::State::kFailed);
  REQUIRE(job->status().restarts == 2);
}

TEST_CASE("a target that fails sometimes gets everything once") {
  auto out = topic();
  out->failing_commits = 0;
  Pipeline pipeline;
  counting_pipeline(pipeline, out, {.rate = 200'000, .before = [out](const Number& n) {
                                      if (to_millis(n.at) % 4'000 == 0) {
                                        const std::lock_guard lock(out->mutex);
                                        out->failing_commits = 1;
                                      }
                                    }});
  auto job = run(pipeline, {.name = "counts",
                            .workers = 2,
                            .checkpoint = {.interval = 5ms},
                            .restart = {.attempts = 1000, .delay = 1ms}});
  REQUIRE(job.ok());
  REQUIRE(job->wait() == absl::OkStatus());
  REQUIRE(job->status().restarts > 0);
  REQUIRE(difference(out->records(), expected(20'000, 37)) == "");
}

TEST_CASE("a target that belongs to another instance by now ends the job without a restart") {
  auto out = topic();
  Pipeline pipeline;
  counting_pipeline(pipeline, out, {.rate = 100'000, .before = [out](const Number& n) {
                                      if (n.at < from_millis(3'000)) return;
                                      const std::lock_guard lock(out->mutex);
                                      out->fenced_by = "instance-2";
                                    }});
  auto job = run(
      pipeline, {.name = "counts", .workers = 2, .checkpoint = {.interval = 5ms}, .restart = {.delay = 1ms}});
  REQUIRE(job.ok());
  REQUIRE_THAT(std::string(job->wait().message()), Contains("instance-2"));
  REQUIRE(job->status().restarts == 0);
}

namespace {

class Unmakeable {
 public:
  using Output = Result;
  explicit Unmakeable(StateStore&) { throw std::runtime_error("no license"); }
  void on_event(const Number&, Context<int64_t, Result>&) {}
};

}  // namespace

TEST_CASE("a process function whose constructor throws is an error of run that names it") {
  Pipeline pipeline;
  pipeline.from("numbers", generator<Number>({.make = [](uint64_t i) { return number(i, 5); }, .count = 10}))
      .key_by(&Number::key)
      .process<Unmakeable>("licensed")
      .to("results", memory_sink<Result>(topic()));
  auto job = run(pipeline, {.workers = 2});
  REQUIRE_FALSE(job.ok());
  REQUIRE_THAT(std::string(job.status().message()), Contains("licensed") && Contains("no license"));
}
