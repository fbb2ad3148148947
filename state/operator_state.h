#pragma once
// One operator's keyed state on one worker: what its typed tables talk to.

#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "state/key_ranges.h"
#include "state/state_registry.h"
#include "weir/detail/state_backend.h"

namespace rocksdb {
class DB;
}

namespace weir {

/// Worker's thread only.
class OperatorState final : public detail::StateBackend {
 public:
  OperatorState(OperatorName name, StateRegistry& registry, std::shared_ptr<rocksdb::DB> database)
      : name_(std::move(name)), registry_(registry), database_(std::move(database)) {}

  uint16_t declare(const detail::StateDeclaration& declaration) override;
  bool may_hold(uint16_t state) const override { return registry_.was_restored(state); }
  void attach(detail::FreezableTable* table) override;
  void detach(detail::FreezableTable* table) override;
  void get(absl::Span<const std::string> keys,
           absl::FunctionRef<void(size_t index, std::string_view value)> found) override;
  void scan(std::string_view begin, std::string_view end,
            absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) override;
  void delete_range_at_next_freeze(std::string begin, std::string end) override;

  /// Appends all changes since the last freeze.
  void freeze(Epoch epoch, detail::FrozenEntries& frozen);
  void base_advanced(Epoch epoch);
  uint64_t memory_bytes() const;
  size_t table_count() const { return tables_.size(); }
  /// Drops about `bytes`, going round the tables; gives what it freed.
  uint64_t evict(uint64_t bytes);

 private:
  OperatorName name_;
  StateRegistry& registry_;
  std::shared_ptr<rocksdb::DB> database_;
  std::vector<detail::FreezableTable*> tables_;
  absl::flat_hash_map<detail::FreezableTable*, size_t> index_of_;
  std::vector<KeyRange> dying_ranges_;
  HiddenRanges hidden_;
  size_t last_frozen_bytes_ = 0;
  size_t last_frozen_entries_ = 0;
  size_t hand_ = 0;
};

}  // namespace weir
