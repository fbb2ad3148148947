#pragma once
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace weir {

/// The files that paths and patterns name, in their order, each pattern's sorted. Errors: none at all, a
/// pattern that matches nothing, a file that is missing, unreadable or a directory, one that is named twice.
absl::StatusOr<std::vector<std::string>> expand_paths(const std::vector<std::string>& patterns);

}  // namespace weir
