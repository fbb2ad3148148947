#include "runtime/plan/physical_plan.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "runtime/plan/order.h"

namespace weir {

using detail::Graph;
using detail::Node;
using detail::NodeInput;
using detail::NodeKind;

PhysicalPlan make_plan(const Graph& graph, int workers) {
  PhysicalPlan plan;
  plan.stage_of.assign(graph.nodes.size(), -1);
  for (const int number : detail::topological_order(graph)) {
    const Node& node = graph.nodes[number];
    const bool scattered = node.kind == NodeKind::kKeyBy && workers > 1;
    if (node.inputs.size() == 1 && !scattered) {
      const int stage = plan.stage_of[node.inputs[0].node];
      plan.stage_of[number] = stage;
      plan.stages[stage].nodes.push_back(number);
      continue;
    }
    const int stage = static_cast<int>(plan.stages.size());
    plan.stages.push_back({{number}});
    plan.stage_of[number] = stage;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      plan.edges.push_back({plan.stage_of[node.inputs[i].node], node.inputs[i], stage, static_cast<int>(i),
                            scattered ? number : -1});
    }
  }
  return plan;
}

namespace {

const char* kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::kSource: return "source";
    case NodeKind::kOperator: return "operator";
    case NodeKind::kKeyBy: return "key_by";
    case NodeKind::kMerge: return "merge";
    case NodeKind::kSink: return "sink";
  }
  return "?";
}

}  // namespace

std::string plan_text(const Graph& graph, int workers) {
  const PhysicalPlan plan = make_plan(graph, workers);
  std::string text = absl::StrCat(workers, workers == 1 ? " worker, " : " workers, ", plan.stages.size(),
                                  plan.stages.size() == 1 ? " stage\n" : " stages\n");
  for (size_t stage = 0; stage < plan.stages.size(); ++stage) {
    absl::StrAppend(&text, "stage ", stage, "\n");
    for (const int number : plan.stages[stage].nodes) {
      const Node& node = graph.nodes[number];
      std::vector<std::string> inputs;
      for (const NodeInput& input : node.inputs)
        inputs.push_back(
            absl::StrCat(graph.nodes[input.node].id, input.port == 0 ? "" : absl::StrCat("#", input.port)));
      absl::StrAppend(&text, "  ", node.id, "  [", node.label.empty() ? kind_name(node.kind) : node.label,
                      "]", inputs.empty() ? "" : absl::StrCat("  <- ", absl::StrJoin(inputs, ", ")),
                      node.kind == NodeKind::kKeyBy && workers > 1 ? "  (exchange)" : "", "\n");
    }
  }
  return text;
}

std::string plan_dot(const Graph& graph, int workers) {
  const PhysicalPlan plan = make_plan(graph, workers);
  const auto quoted = [](const std::string& text) {
    return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
  };
  std::string dot = "digraph pipeline {\n  rankdir=LR;\n  node [shape=box];\n";
  for (size_t stage = 0; stage < plan.stages.size(); ++stage) {
    absl::StrAppend(&dot, "  subgraph cluster_", stage, " {\n    label=\"stage ", stage, "\";\n");
    for (const int number : plan.stages[stage].nodes) {
      const Node& node = graph.nodes[number];
      absl::StrAppend(
          &dot, "    n", number, " [label=",
          quoted(absl::StrCat(node.id, "\n", node.label.empty() ? kind_name(node.kind) : node.label)),
          "];\n");
    }
    dot += "  }\n";
  }
  for (size_t number = 0; number < graph.nodes.size(); ++number) {
    for (const NodeInput& input : graph.nodes[number].inputs) {
      const bool channel = plan.stage_of[input.node] != plan.stage_of[number];
      absl::StrAppend(&dot, "  n", input.node, " -> n", number, channel ? " [style=bold]" : "", ";\n");
    }
  }
  return dot + "}\n";
}

}  // namespace weir
