#include "runtime/plan/physical_plan.h"

#include "tests/support/catch.h"
#include "weir/generator.h"
#include "weir/pipeline.h"

using namespace weir;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Pipeline two_branches() {
  Pipeline pipeline;
  const auto make = [](uint64_t i) { return static_cast<int64_t>(i); };
  auto keyed = pipeline.from("in", generator<int64_t>({.make = make, .count = 10}))
                   .filter([](const int64_t& v) { return v % 2 == 0; })
                   .key_by([](const int64_t& v) { return v; });
  (void)keyed.window("fast", tumbling(1s)).aggregate<Count>();
  (void)keyed.window("slow", tumbling(1h)).aggregate<Count>();
  return pipeline;
}

}  // namespace

TEST_CASE("with one worker the whole chain is one stage") {
  const Pipeline pipeline = two_branches();
  const PhysicalPlan plan = make_plan(pipeline.graph(), 1);
  REQUIRE(plan.stages.size() == 1);
  REQUIRE(plan.edges.empty());
  REQUIRE(plan.stages[0].nodes.size() == 5);
}

TEST_CASE("with more workers a stage begins behind key_by, shared by everything that reads it") {
  const Pipeline pipeline = two_branches();
  const PhysicalPlan plan = make_plan(pipeline.graph(), 2);
  REQUIRE(plan.stages.size() == 2);
  REQUIRE(plan.edges.size() == 1);
  REQUIRE(plan.edges[0].key_by == 2);
  REQUIRE(plan.stages[1].nodes == std::vector<int>{2, 3, 4});
}

TEST_CASE("a merge begins a stage with one forward edge for each stream") {
  Pipeline pipeline;
  const auto make = [](uint64_t i) { return static_cast<int64_t>(i); };
  auto a = pipeline.from("a", generator<int64_t>({.make = make, .count = 10}));
  auto b = pipeline.from("b", generator<int64_t>({.make = make, .count = 10}));
  (void)a.merge(b);
  const PhysicalPlan plan = make_plan(pipeline.graph(), 3);
  REQUIRE(plan.stages.size() == 3);
  REQUIRE(plan.edges.size() == 2);
  REQUIRE(plan.edges[1].key_by == -1);
  REQUIRE(plan.edges[1].to_input == 1);
}

TEST_CASE("the plan prints every id as text and as DOT") {
  const Pipeline pipeline = two_branches();
  REQUIRE_THAT(pipeline.plan_text(2), Contains("2 stages") && Contains("fast") && Contains("(exchange)"));
  REQUIRE_THAT(pipeline.plan_dot(2), Contains("digraph") && Contains("n2 -> n3") && Contains("[style=bold]"));
}
