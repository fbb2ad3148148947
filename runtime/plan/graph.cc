#include "weir/detail/graph.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/plan/order.h"

namespace weir::detail {

namespace {

bool well_formed(const std::string& id) {
  if (id.empty() || id.size() > 100) return false;
  return std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

absl::Status check_ids(const Graph& graph) {
  std::map<std::string, int> uses;
  for (const Node& node : graph.nodes) {
    if (!well_formed(node.id)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "id \"", node.id, "\" is not well formed: use 1 to 100 letters, digits, '-', '_' and '.'"));
    }
    ++uses[node.id];
    if (!node.previously.empty()) ++uses[node.previously];
  }
  std::vector<std::string> duplicates;
  for (const auto& [id, count] : uses)
    if (count > 1) duplicates.push_back(absl::StrCat("\"", id, "\" (", count, " times)"));
  if (duplicates.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("duplicate ids: ", absl::StrJoin(duplicates, ", "),
                   "; snapshots are keyed by id, so each must be unique in its pipeline"));
}

absl::Status check_inputs(const Graph& graph) {
  const int count = static_cast<int>(graph.nodes.size());
  for (const Node& node : graph.nodes) {
    for (const NodeInput& input : node.inputs) {
      if (input.node < 0 || input.node >= count) {
        return absl::InvalidArgumentError(
            absl::StrCat("operator \"", node.id, "\" reads from node ", input.node,
                         ", which is not in this pipeline; use streams of one pipeline only"));
      }
    }
    if (node.inputs.empty() != (node.kind == NodeKind::kSource))
      return absl::InvalidArgumentError(
          absl::StrCat("operator \"", node.id, "\" has the wrong number of inputs"));
  }
  return absl::OkStatus();
}

}  // namespace

int Graph::add(Node node) {
  nodes.push_back(std::move(node));
  return static_cast<int>(nodes.size()) - 1;
}

std::vector<int> topological_order(const Graph& graph) {
  std::vector<int> order;
  std::vector<bool> placed(graph.nodes.size());
  for (bool progress = true; progress;) {
    progress = false;
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      const auto& inputs = graph.nodes[i].inputs;
      if (placed[i] ||
          !std::all_of(inputs.begin(), inputs.end(), [&](const NodeInput& in) { return placed[in.node]; }))
        continue;
      placed[i] = progress = true;
      order.push_back(static_cast<int>(i));
    }
  }
  return order;
}

absl::Status check_graph(const Graph& graph) {
  const bool has_source = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                                      [](const Node& node) { return node.kind == NodeKind::kSource; });
  if (!has_source)
    return absl::InvalidArgumentError("the pipeline has no source: start it with pipeline.from(…)");
  if (absl::Status status = check_inputs(graph); !status.ok()) return status;
  if (absl::Status status = check_ids(graph); !status.ok()) return status;
  for (const Node& node : graph.nodes) {
    if (!node.problem.ok())
      return absl::Status(node.problem.code(),
                          absl::StrCat("operator \"", node.id, "\": ", node.problem.message()));
  }
  const std::vector<int> order = topological_order(graph);
  if (order.size() != graph.nodes.size()) {
    std::set<int> placed(order.begin(), order.end());
    std::vector<std::string> cycle;
    for (size_t i = 0; i < graph.nodes.size(); ++i)
      if (!placed.contains(static_cast<int>(i))) cycle.push_back(graph.nodes[i].id);
    return absl::InvalidArgumentError(
        absl::StrCat("the graph has a cycle through or before: ", absl::StrJoin(cycle, ", "),
                     "; a stream cannot feed its own input"));
  }
  for (const Node& node : graph.nodes) {
    absl::Status status;
    if (node.kind == NodeKind::kSource) status = node.source->check();
    if (node.kind == NodeKind::kSink) status = node.sink->check();
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat(node.kind == NodeKind::kSource ? "source \"" : "sink \"", node.id,
                                       "\": ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace weir::detail
