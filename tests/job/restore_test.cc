#include <filesystem>
#include <fstream>

#include "tests/job/counting_pipeline.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// Runs part of the input and stops; the directory then holds a checkpoint in the middle.
void run_part(const std::string& directory, std::shared_ptr<MemoryTopic<Result>> out, int workers) {
  Pipeline pipeline;
  std::atomic<uint64_t> seen{0};
  counting_pipeline(pipeline, std::move(out), {.rate = 100'000, .before = [&](const Number&) { ++seen; }});
  auto job = run(pipeline, {.name = "counts",
                            .workers = workers,
                            .checkpoint_directory = directory,
                            .checkpoint = {.interval = 10ms}});
  REQUIRE(job.status() == absl::OkStatus());
  while (seen < 3'000) std::this_thread::yield();
  job->stop();
  REQUIRE(job->wait().ok());
}

std::string error_of(const Pipeline& pipeline, RunOptions options) {
  auto job = run(pipeline, std::move(options));
  return job.ok() ? "started" : std::string(job.status().message());
}

}  // namespace

TEST_CASE("a checkpoint is restored with more and with fewer workers, and the results are the same") {
  for (const auto& steps : std::vector<std::vector<int>>{{1, 2}, {2, 1}, {3, 2, 4}}) {
    TemporaryDirectory directory;
    auto out = topic();
    for (const int workers : steps) run_part(directory / "job", out, workers);
    Pipeline pipeline;
    counting_pipeline(pipeline, out, {});
    auto job = run(pipeline, {.name = "counts", .workers = 3, .checkpoint_directory = directory / "job"});
    REQUIRE(job.status() == absl::OkStatus());
    REQUIRE(job->wait().ok());
    REQUIRE(difference(out->records(), expected(20'000, 37)) == "");
  }
}

TEST_CASE(
    "an operator that was renamed takes the state of its old id, and without a rename the start is refused") {
  TemporaryDirectory directory;
  auto out = topic();
  run_part(directory / "job", out, 2);
  const RunOptions options{.name = "counts", .workers = 2, .checkpoint_directory = directory / "job"};
  {
    Pipeline pipeline;
    counting_pipeline(pipeline, out, {.windows = "other"});
    REQUIRE_THAT(error_of(pipeline, options), Contains("windows") && Contains("previously"));
  }
  Pipeline pipeline;
  counting_pipeline(pipeline, out, {.windows = {"other", {.previously = "windows"}}});
  auto job = run(pipeline, options);
  REQUIRE(job.status() == absl::OkStatus());
  REQUIRE(job->wait().ok());
  REQUIRE(difference(out->records(), expected(20'000, 37)) == "");
}

TEST_CASE("what cannot be restored is refused with a reason, and the checkpoint stays intact") {
  TemporaryDirectory directory;
  auto out = topic();
  run_part(directory / "job", out, 2);
  Pipeline pipeline;
  counting_pipeline(pipeline, out, {});
  const RunOptions good{.name = "counts", .workers = 2, .checkpoint_directory = directory / "job"};
  RunOptions options = good;
  options.name = "another";
  REQUIRE_THAT(error_of(pipeline, options), Contains("another") && Contains("counts"));
  options = good;
  options.key_groups = 512;
  REQUIRE_THAT(error_of(pipeline, options), Contains("1024") && Contains("512"));
  options = good;
  options.restore.from = RestoreChoice::From::kNone;
  REQUIRE_THAT(error_of(pipeline, options), Contains("none"));
  options = good;
  options.restore = {RestoreChoice::From::kEpoch, 99'999};
  REQUIRE_THAT(error_of(pipeline, options), Contains("99999") && Contains("newest"));
  auto job = run(pipeline, good);
  REQUIRE(job.status() == absl::OkStatus());
  { REQUIRE_THAT(error_of(pipeline, good), Contains("in use") || Contains("locked")); }
  REQUIRE(job->wait().ok());
  REQUIRE(difference(out->records(), expected(20'000, 37)) == "");
}

TEST_CASE(
    "a damaged state file is noticed before anything is sent, and an older checkpoint would repeat output: "
    "refused by name") {
  TemporaryDirectory directory;
  auto out = topic();
  run_part(directory / "job", out, 2);
  const size_t visible = out->records().size();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory / "job/state")) {
    if (!entry.is_regular_file() || entry.file_size() == 0) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 2));
    file.put('\x5a');
    file.put('\xa5');
  }
  Pipeline pipeline;
  counting_pipeline(pipeline, out, {});
  REQUIRE_THAT(
      error_of(pipeline, {.name = "counts", .workers = 2, .checkpoint_directory = directory / "job"}),
      Contains("state/") || Contains("marker"));
  REQUIRE(out->records().size() == visible);
}

TEST_CASE("a checkpoint directory that is a file, or cannot be written, is refused by name") {
  TemporaryDirectory directory;
  Pipeline pipeline;
  counting_pipeline(pipeline, topic(), {});
  { std::ofstream(directory / "file") << "x"; }
  REQUIRE_THAT(error_of(pipeline, {.checkpoint_directory = directory / "file"}),
               Contains(directory / "file"));
  REQUIRE_THAT(error_of(pipeline, {.checkpoint_directory = "/proc/weir"}), Contains("/proc/weir"));
}

TEST_CASE("options out of range are refused by name") {
  Pipeline pipeline;
  counting_pipeline(pipeline, topic(), {});
  REQUIRE_THAT(error_of(pipeline, {.name = "a b"}), Contains("name"));
  REQUIRE_THAT(error_of(pipeline, {.workers = -1}), Contains("workers"));
  REQUIRE_THAT(error_of(pipeline, {.workers = 8, .key_groups = 4}), Contains("key_groups"));
  REQUIRE_THAT(error_of(pipeline, {.checkpoint = {.interval = 0ms}}), Contains("interval"));
  REQUIRE_THAT(error_of(pipeline, {.batch_size = 0}), Contains("batch_size"));
  REQUIRE_THAT(error_of(pipeline, {.channel_capacity = 0}), Contains("channel_capacity"));
}
