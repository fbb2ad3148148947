#include "weir/run_main.h"

#include "tests/job/counting_pipeline.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

int call(std::vector<std::string> words, const PipelineFunction& define) {
  words.insert(words.begin(), "program");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return run_main(static_cast<int>(argv.size()), argv.data(), "counts", define);
}

}  // namespace

TEST_CASE("the command line runs a pipeline with its own flags") {
  TemporaryDirectory directory;
  auto out = topic();
  const auto define = [&](Pipeline& pipeline, Arguments& args) {
    counting_pipeline(pipeline, out, {.count = static_cast<uint64_t>(args.get("count", 10, "records"))});
  };
  REQUIRE(call({"--workers", "2", "--checkpoint-dir", directory / "job", "--checkpoint-interval=50ms",
                "--count", "500"},
               define) == 0);
  REQUIRE(difference(out->records(), expected(500, 37)) == "");
}

TEST_CASE("help and plan run nothing and succeed") {
  auto out = topic();
  const auto define = [&](Pipeline& pipeline, Arguments&) { counting_pipeline(pipeline, out, {}); };
  REQUIRE(call({"--help"}, define) == 0);
  REQUIRE(call({"plan", "--workers", "2"}, define) == 0);
  REQUIRE(out->records().empty());
}

TEST_CASE("a wrong command line is refused with code 2") {
  const auto define = [&](Pipeline& pipeline, Arguments& args) {
    counting_pipeline(pipeline, topic(), {.count = static_cast<uint64_t>(args.get("count", 10))});
  };
  REQUIRE(call({"--no-such-flag", "1"}, define) == 2);
  REQUIRE(call({"--count", "many"}, define) == 2);
  REQUIRE(call({"--workers", "many"}, define) == 2);
  REQUIRE(call({"--checkpoint-interval", "soon"}, define) == 2);
  REQUIRE(call({"--restore", "yesterday"}, define) == 2);
  REQUIRE(call({"stray"}, define) == 2);
}

TEST_CASE("a failing start gives code 1") {
  const auto define = [&](Pipeline& pipeline, Arguments&) { counting_pipeline(pipeline, topic(), {}); };
  REQUIRE(call({"--checkpoint-dir", "/proc/weir"}, define) == 1);
}

TEST_CASE("lengths of time are read with their unit and nothing else") {
  Duration duration{};
  REQUIRE(parse_duration("250ms", duration));
  REQUIRE(duration == 250ms);
  REQUIRE(parse_duration("2h", duration));
  REQUIRE(duration == 2h);
  for (const char* wrong : {"", "5", "s", "5 s", "1.5s", "99999999999999999999s", "9223372036854775807d"})
    REQUIRE_FALSE(parse_duration(wrong, duration));
}
