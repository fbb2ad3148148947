#pragma once
// The logical graph that pipeline code builds: a value, checked as a whole before anything runs.

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "weir/detail/partitioner.h"
#include "weir/detail/sink_operator.h"
#include "weir/detail/source_operator.h"
#include "weir/operator.h"

namespace weir::detail {

enum class NodeKind { kSource, kOperator, kKeyBy, kMerge, kSink };

/// An output port of an earlier node.
struct NodeInput {
  int node = 0;
  int port = 0;
};

struct Node {
  NodeKind kind = NodeKind::kOperator;
  /// Unique. Given by the user for whatever keeps state, else derived from kind and place ("map-3").
  std::string id = {};
  std::string previously = {};
  /// "tumbling 1h", "kafka topic trades": for the plan.
  std::string label = {};
  std::vector<NodeInput> inputs = {};
  /// A mistake in what the user gave, found when the node was made (a negative window).
  absl::Status problem = {};
  /// It has keyed state, so it needs a StateBackend.
  bool stateful = false;

  // The one that belongs to the kind.
  std::shared_ptr<const SourceOperatorFactory> source = {};
  std::shared_ptr<const OperatorFactory> make_operator = {};
  std::shared_ptr<const PartitionerFactory> partitioner = {};
  std::shared_ptr<const SinkOperatorFactory> sink = {};
};

struct Graph {
  std::vector<Node> nodes;

  /// Appends the node and gives its number.
  int add(Node node);
};

/// The first of: no source, duplicate ids (all listed), an id that is not well formed, a node's own problem,
/// an input that does not exist, a cycle (its nodes listed), a stream that nothing uses is fine.
absl::Status check_graph(const Graph& graph);

}  // namespace weir::detail
