#pragma once
// May this program restore this checkpoint? Asked before anything is opened.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "checkpoint/manifest.h"

namespace weir {

/// An operator of the pipeline that is about to run.
struct ClaimedOperator {
  std::string id;
  /// The id under which older snapshots hold it; empty unless renamed.
  std::string previously;
  std::string kind;
};

/// Which operator takes the state that the checkpoint holds under an id; pointers into `operators`. A rename
/// (`previously`) counts as long as the checkpoint does not know the new id.
std::map<std::string, const ClaimedOperator*> claims(const Manifest& manifest,
                                                     const std::vector<ClaimedOperator>& operators);

struct RestoreExpectation {
  std::string job;
  uint32_t key_groups = 1024;
  std::string key_hash;
  std::vector<ClaimedOperator> operators;
  /// Ids in the checkpoint whose state may be dropped.
  std::vector<std::string> droppable;
};

/// FailedPrecondition with what the checkpoint holds, what the program has and what to do: another job,
/// another number of key groups (C63), another key hash, an operator of another kind under the same id, or
/// operators that nobody claims (all of them are listed). Operators that the checkpoint lacks are new and
/// start empty.
absl::Status check_restorable(const Manifest& manifest, const RestoreExpectation& expected);

}  // namespace weir
