#pragma once
// The targets of a job's sinks: found, opened and recovered at the start of every attempt (exactly-once.md,
// Start).

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/manifest.h"
#include "runtime/job/delivery.h"
#include "weir/detail/graph.h"
#include "weir/sink.h"

namespace weir {

struct OpenTargets {
  /// By node; empty for what is not an exactly-once sink.
  std::vector<std::string> identity_of_node;
  std::vector<std::unique_ptr<Delivery>> deliveries;
  /// As recovered: what is out is applied.
  std::vector<TargetEntry> entries;
};

struct TargetStart {
  const detail::Graph& graph;
  /// Null: first start.
  const Manifest* restored = nullptr;
  TargetContext context;
  Delivery::Done done;
};

/// Identifies the targets of all sinks, opens one for each identity, recovers it and sends what is decided
/// and not out. Blocks. Errors name the sink.
absl::StatusOr<OpenTargets> open_targets(TargetStart start);

}  // namespace weir
