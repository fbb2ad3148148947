#include "state/operator_state.h"

#include <rocksdb/db.h>

#include "absl/strings/str_cat.h"
#include "state/rocksdb_options.h"
#include "weir/detail/check.h"
#include "weir/operator.h"

namespace weir {

namespace {

void throw_unless_ok(const rocksdb::Status& status, const char* what) {
  if (!status.ok()) throw OperatorError(to_absl(status, what));
}

}  // namespace

uint16_t OperatorState::declare(const detail::StateDeclaration& declaration) {
  absl::StatusOr<uint16_t> number = registry_.declare(name_, declaration);
  if (!number.ok()) throw OperatorError(number.status());
  return *number;
}

void OperatorState::attach(detail::FreezableTable* table) {
  const bool added = index_of_.emplace(table, tables_.size()).second;
  WEIR_CHECK(added);
  tables_.push_back(table);
}

void OperatorState::detach(detail::FreezableTable* table) {
  const auto at = index_of_.find(table);
  if (at == index_of_.end()) return;
  const size_t index = at->second;
  index_of_.erase(at);
  if (index + 1 != tables_.size()) {
    tables_[index] = tables_.back();
    index_of_[tables_[index]] = index;
  }
  tables_.pop_back();
}

void OperatorState::get(absl::Span<const std::string> keys,
                        absl::FunctionRef<void(size_t index, std::string_view value)> found) {
  std::vector<rocksdb::Slice> wanted;
  std::vector<size_t> index;
  wanted.reserve(keys.size());
  index.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (hidden_.hidden_until(keys[i]) != nullptr) continue;
    wanted.emplace_back(keys[i]);
    index.push_back(i);
  }
  if (wanted.empty()) return;
  std::vector<rocksdb::PinnableSlice> values(wanted.size());
  std::vector<rocksdb::Status> statuses(wanted.size());
  database_->MultiGet({}, database_->DefaultColumnFamily(), wanted.size(), wanted.data(), values.data(),
                      statuses.data());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    throw_unless_ok(statuses[i], "cannot read keyed state");
    found(index[i], {values[i].data(), values[i].size()});
  }
}

void OperatorState::scan(std::string_view begin, std::string_view end,
                         absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) {
  const rocksdb::Slice upper_bound(end.data(), end.size());
  rocksdb::ReadOptions options;
  if (!end.empty()) options.iterate_upper_bound = &upper_bound;
  const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator(options));
  at->Seek({begin.data(), begin.size()});
  while (at->Valid()) {
    const std::string_view key(at->key().data(), at->key().size());
    if (const std::string* until = hidden_.hidden_until(key); until != nullptr) {
      at->Seek(*until);
      continue;
    }
    if (!visit(key, {at->value().data(), at->value().size()})) return;
    at->Next();
  }
  throw_unless_ok(at->status(), "cannot read keyed state");
}

void OperatorState::delete_range_at_next_freeze(std::string begin, std::string end) {
  dying_ranges_.emplace_back(std::move(begin), std::move(end));
  hidden_.hide(dying_ranges_.back());
}

void OperatorState::freeze(Epoch epoch, detail::FrozenEntries& frozen) {
  // What the last epoch needed: growing by doubling would copy it all again, within the pause.
  frozen.buffer().reserve(last_frozen_bytes_ + last_frozen_bytes_ / 4);
  frozen.entries().reserve(last_frozen_entries_ + last_frozen_entries_ / 4);
  for (KeyRange& range : dying_ranges_) frozen.delete_range(std::move(range.first), std::move(range.second));
  dying_ranges_.clear();
  for (detail::FreezableTable* table : tables_) table->freeze(epoch, frozen);
  for (const KeyRange& range : frozen.ranges()) hidden_.set_until(range, epoch);
  last_frozen_bytes_ = frozen.buffer().size();
  last_frozen_entries_ = frozen.entries().size();
}

void OperatorState::base_advanced(Epoch epoch) {
  hidden_.base_advanced(epoch);
  for (detail::FreezableTable* table : tables_) table->base_advanced(epoch);
}

uint64_t OperatorState::memory_bytes() const {
  uint64_t bytes = 0;
  for (const detail::FreezableTable* table : tables_) bytes += table->memory_bytes();
  return bytes;
}

uint64_t OperatorState::evict(uint64_t bytes) {
  const uint64_t may_look_at = detail::FreezableTable::bytes_to_look_at(bytes);
  uint64_t freed = 0;
  uint64_t looked = 0;
  for (size_t visited = 0; visited < tables_.size() && freed < bytes && looked < may_look_at; ++visited) {
    hand_ = hand_ + 1 < tables_.size() ? hand_ + 1 : 0;
    looked += tables_[hand_]->memory_bytes();
    freed += tables_[hand_]->evict(bytes - freed);
  }
  return freed;
}

}  // namespace weir
