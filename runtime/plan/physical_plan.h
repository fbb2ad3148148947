#pragma once
// How a logical graph runs on P workers: which nodes form a stage (one task per worker, a chain of direct
// calls), and which edges are channels.
//
// A stage starts at a source, behind a key_by when there is more than one worker, and at a node with several
// inputs; any other node belongs to the stage of its input. With one worker key_by stays in the chain:
// nothing moves.

#include <string>
#include <vector>

#include "weir/detail/graph.h"

namespace weir {

/// Leads from a node's port into another stage, over one channel (forward) or P (scatter) per worker.
struct PlanEdge {
  int from_stage = 0;
  detail::NodeInput from;
  int to_stage = 0;
  /// Input number of the stage's head, for operators with several inputs.
  int to_input = 0;
  /// The key_by node whose partitioner scatters; -1: forward.
  int key_by = -1;
};

struct PlanStage {
  /// In topological order; the first is the head.
  std::vector<int> nodes;
};

struct PhysicalPlan {
  std::vector<PlanStage> stages;
  std::vector<PlanEdge> edges;
  std::vector<int> stage_of;  ///< by node; a key_by that is scattered belongs to the stage behind it
};

/// The graph has passed check_graph.
PhysicalPlan make_plan(const detail::Graph& graph, int workers);

/// One line a node, stages marked; and the same as a Graphviz digraph.
std::string plan_text(const detail::Graph& graph, int workers);
std::string plan_dot(const detail::Graph& graph, int workers);

}  // namespace weir
