#pragma once
// May this marker be the last one of this checkpoint? (R3, R14)

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "connectors/kafka/marker.h"
#include "weir/sink.h"

namespace weir::kafka {

struct MarkerPlace {
  std::string job;
  /// The marker topic's name, and the brokers.
  std::string topic;
  std::string brokers;
};

/// How many epochs of the chain are out. FailedPrecondition, saying what was found, what it means and what to
/// do, when the topic and the checkpoint do not belong together. `adopt`: a missing marker stands for the
/// base.
absl::StatusOr<size_t> check_marker(const TargetProgress& progress, bool first_start,
                                    const std::optional<Marker>& marker, bool adopt,
                                    const MarkerPlace& place);

}  // namespace weir::kafka
