#pragma once
#include <vector>

#include "weir/detail/graph.h"

namespace weir::detail {

/// Each node after its inputs; nodes on or behind a cycle are left out.
std::vector<int> topological_order(const Graph& graph);

}  // namespace weir::detail
