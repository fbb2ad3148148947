#pragma once
// Which number stands for which state in a worker's keys. Numbers are given once and are part of every
// snapshot.

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/base/state_files.h"
#include "weir/detail/state_backend.h"

namespace weir {

/// An operator's id, and the one under which older snapshots hold its state (empty: the same).
struct OperatorName {
  std::string id;
  std::string previously;
};

class StateRegistry {
 public:
  explicit StateRegistry(std::vector<StateEntry> restored);

  /// The state's number: the restored one, or a new one. An error when the restored state has another schema.
  absl::StatusOr<uint16_t> declare(const OperatorName& name, const detail::StateDeclaration& declaration);

  /// True for restored states.
  bool was_restored(uint16_t number) const;
  /// All states, also those that nobody claims.
  std::vector<StateEntry> entries() const;
  /// Restored states that nobody declared, as "operator/state".
  std::vector<std::string> unclaimed() const;
  /// Forgets the unclaimed states; gives their numbers.
  std::vector<uint16_t> drop_unclaimed();

 private:
  struct Known {
    StateEntry entry;
    bool restored;
    bool claimed;
  };
  Known* find(const OperatorName& name, const detail::StateDeclaration& declaration);

  std::vector<Known> known_;
  uint32_t next_number_ = 0;
};

}  // namespace weir
