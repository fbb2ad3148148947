#pragma once
// From the plan to the tasks and channels of all workers.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/manifest.h"
#include "runtime/execution/worker.h"
#include "runtime/plan/physical_plan.h"
#include "weir/options.h"

namespace weir {

struct BuildInput {
  const detail::Graph& graph;
  const PhysicalPlan& plan;
  const RunOptions& options;
  const Clock& clock;
  int workers = 1;
  uint32_t key_groups = 1024;
  /// Null: first start.
  const Manifest* restored = nullptr;
  /// By worker, then by node.
  std::vector<std::vector<SlotCounters>>& counters;
  /// By node: identity of a sink's target, empty for at-least-once sinks.
  const std::vector<std::string>& target_of_node;
};

/// Gives every worker its tasks; sources and sinks are made but not opened. The channels must outlive the
/// workers. Throws OperatorError when an operator cannot take what is restored.
std::vector<std::unique_ptr<Channel>> build_tasks(const BuildInput& input,
                                                  std::vector<std::unique_ptr<Worker>>& workers);

}  // namespace weir
