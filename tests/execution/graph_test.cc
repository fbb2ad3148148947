#include "weir/detail/graph.h"

#include "tests/support/catch.h"
#include "weir/generator.h"
#include "weir/pipeline.h"

using namespace weir;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Stream<int64_t> numbers(Pipeline& pipeline, Id id = "numbers") {
  return pipeline.from(
      id, generator<int64_t>({.make = [](uint64_t i) { return static_cast<int64_t>(i); }, .count = 10}));
}

std::string problem(const Pipeline& pipeline) { return std::string(pipeline.check().message()); }

}  // namespace

TEST_CASE("a pipeline without a source is refused") {
  REQUIRE_THAT(problem(Pipeline()), Contains("no source"));
}

TEST_CASE("duplicate ids are all listed") {
  Pipeline pipeline;
  auto a = numbers(pipeline, "a");
  auto b = numbers(pipeline, "a");
  auto keyed = a.key_by([](const int64_t& v) { return v; });
  (void)keyed.window("w", tumbling(1s)).aggregate<Count>();
  (void)keyed.window("w", tumbling(2s)).aggregate<Count>();
  REQUIRE_THAT(problem(pipeline), Contains("\"a\" (2 times)") && Contains("\"w\" (2 times)"));
}

TEST_CASE("ids that are not well formed are refused by name") {
  for (const char* id : {"", "has space", "semi;colon"}) {
    Pipeline pipeline;
    (void)numbers(pipeline, id);
    REQUIRE_THAT(problem(pipeline), Contains(std::string("\"") + id + "\""));
  }
}

TEST_CASE("a negative window is refused with the operator's id") {
  Pipeline pipeline;
  (void)numbers(pipeline)
      .key_by([](const int64_t& v) { return v; })
      .window("counts", tumbling(-5s))
      .aggregate<Count>();
  REQUIRE_THAT(problem(pipeline), Contains("counts") && Contains("-5000"));
}

TEST_CASE("a cycle is refused and its nodes are listed") {
  Pipeline pipeline;
  auto stream = numbers(pipeline).map([](const int64_t& v) { return v; }).merge(numbers(pipeline, "more"));
  (void)stream.filter([](const int64_t&) { return true; });
  auto& nodes = pipeline.graph().nodes;
  // By hand: the merge reads what comes behind it.
  nodes[3].inputs[1] = {4, 0};
  REQUIRE_THAT(problem(pipeline), Contains("cycle") && Contains(nodes[3].id) && Contains(nodes[4].id));
}

TEST_CASE("streams of two pipelines cannot be merged") {
  Pipeline one;
  Pipeline two;
  auto b = numbers(two);
  (void)numbers(one).merge(b);
  REQUIRE_THAT(problem(one), Contains("two pipelines"));
}
