#pragma once
// A StateBackend that is an ordered map: for operator tests, and as the simplest thing that a store may do.
//
// Saved bytes: "WMB1", varint number of states, for each: u16 number, u8 layout, name, key schema, value
// schema (varint length and bytes); varint number of entries, for each in the order of the keys: key, value
// (varint length and bytes).

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "weir/detail/state_backend.h"

namespace weir {

/// One operator's state on one worker. Not thread-safe. Outlives the tables that are attached to it.
class MemoryBackend final : public detail::StateBackend {
 public:
  MemoryBackend() = default;
  /// From what save() gave. InvalidArgument: no such bytes.
  static absl::StatusOr<std::unique_ptr<MemoryBackend>> restore(std::string_view saved);

  /// Takes the changes of all attached tables, as a barrier does.
  void freeze();
  /// freeze(), then everything that the tables hold in memory leaves it: what they need next they must ask
  /// for.
  void evict();
  /// The state of the last freeze.
  std::string save() const;

  /// How many keys the last freeze left; of one state: by its name.
  size_t entries() const { return entries_.size(); }
  size_t entries(std::string_view name) const;

  uint16_t declare(const detail::StateDeclaration& declaration) override;
  bool may_hold(uint16_t state) const override;
  void attach(detail::FreezableTable* table) override;
  void detach(detail::FreezableTable* table) override;
  void get(absl::Span<const std::string> keys,
           absl::FunctionRef<void(size_t index, std::string_view value)> found) override;
  void scan(std::string_view begin, std::string_view end,
            absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) override;
  void delete_range_at_next_freeze(std::string begin, std::string end) override;

 private:
  struct State {
    detail::StateDeclaration declaration;
    uint16_t number = 0;
    bool declared = false;  ///< by the operator that runs now
  };

  void apply(const detail::FrozenEntries& frozen);
  void erase_range(const std::string& begin, const std::string& end);
  bool is_dying(std::string_view key) const;

  std::vector<State> states_;
  std::map<std::string, std::string, std::less<>> entries_;
  std::vector<detail::FreezableTable*> tables_;
  std::vector<std::pair<std::string, std::string>> dying_ranges_;
  Epoch epoch_;
};

}  // namespace weir
