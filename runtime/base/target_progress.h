#pragma once
// What a target's marker says about a manifest's chain (rules R3, R7, R21).

#include <cstddef>
#include <optional>

#include "weir/sink.h"

namespace weir {

/// How many epochs of the chain, from its front, are out when the target's marker is (epoch, cut): the base
/// gives 0, the i-th of the chain i + 1. Nothing: the marker belongs to another history; refuse. Number and
/// cut must both match.
std::optional<size_t> delivered_count(const TargetProgress& progress, Epoch marker_epoch, Cut marker_cut);

}  // namespace weir
