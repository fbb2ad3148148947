#pragma once
// The keys of a process function: maps the key that is being processed to its row in the columns of its
// states.
//
// Invariant: a row leaves memory only when the values of all columns may (see keyed_table.h); dirty rows
// never move.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "weir/detail/hash_slots.h"
#include "weir/detail/rows.h"
#include "weir/state.h"

namespace weir::detail {

/// Worker's thread only. Hashes are hash_key(key).
template <Serializable K>
class KeyedRows final : public Rows, public StateStore, private FreezableTable {
 public:
  KeyedRows(StateBackend& backend, uint32_t key_groups)
      : Rows(backend, key_groups), StateStore(*static_cast<Rows*>(this)) {
    backend.attach(this);
  }
  ~KeyedRows() override { backend().detach(this); }

  /// After this the keys of a batch have rows and known values: one multi-get per column for those not in
  /// memory.
  void prefetch(absl::Span<const K* const> keys, absl::Span<const uint64_t> hashes) {
    for (const uint64_t hash : hashes) slots_.prefetch(hash);
    forget_void_rows(2 * keys.size());
    batch_.clear();
    for (size_t i = 0; i < keys.size(); ++i) batch_.push_back(row_of(*keys[i], hashes[i]));
    for (const auto& column : columns_) {
      for (const Row row : batch_) column->prefetch(row);
      column->load(batch_);
    }
  }

  void set_current(const K& key, uint64_t hash) { current_ = row_of(key, hash); }
  /// set_current for the index-th key of the last prefetch; nothing else may have come between.
  void set_current_at(size_t index) { current_ = batch_[index]; }
  void clear_current() { current_ = kNoRow; }
  const K& key() const { return info_[current()].key; }

  size_t rows_in_memory() const { return slots_.size(); }

  uint64_t hash(Row row) const override { return info_[row].hash; }
  void encode_key(Row row, std::string& out) const override {
    const Info& info = info_[row];
    put_key_group(out, info.hash, key_groups());
    Serde<K>::encode(info.key, out);
  }
  void prefetch_key(Row row) const override { __builtin_prefetch(&info_[row], 0, 2); }
  std::string key_schema() const override { return Serde<K>::schema(); }

 private:
  struct Info {
    K key{};
    uint64_t hash = 0;
    bool in_use = false;
    bool used = false;  ///< since the last sweep
  };
  struct Slot {
    uint64_t hash;
    Row row;
    uint8_t flags;
  };

  Row row_of(const K& key, uint64_t hash) {
    Slot* slot = slots_.find(hash, [&](const Slot& s) { return info_[s.row].key == key; });
    if (slot != nullptr) {
      info_[slot->row].used = true;
      return slot->row;
    }
    const Row row = free_row();
    info_[row] = Info{key, hash, true, true};
    slots_.insert(Slot{hash, row, 1}, [](const Slot&) { return true; });
    return row;
  }

  Row free_row() {
    if (free_.empty()) {
      const Row row = static_cast<Row>(info_.size());
      WEIR_CHECK(row != kNoRow);
      info_.grow(info_.size() + 1);
      for (const auto& column : columns_) column->grow(info_.size());
      return row;
    }
    const Row row = free_.back();
    free_.pop_back();
    return row;
  }

  void forget(Row row) {
    for (const auto& column : columns_) column->forget(row);
    slots_.erase(*slots_.find(info_[row].hash, [&](const Slot& s) { return s.row == row; }));
    info_[row] = Info{};
    free_.push_back(row);
  }

  /// Rows of keys that have no state any more, or never had: looks at so many rows as may come with this
  /// batch.
  void forget_void_rows(size_t looks) {
    for (; looks > 0 && info_.size() > 0; --looks) {
      void_hand_ = void_hand_ + 1 < info_.size() ? void_hand_ + 1 : 0;
      const Row row = static_cast<Row>(void_hand_);
      if (info_[row].in_use && !std::exchange(info_[row].used, false) && every_column(&Column::is_void, row))
        forget(row);
    }
  }

  void add_column(std::unique_ptr<Column> column) override {
    column->grow(info_.size());
    columns_.push_back(std::move(column));
  }

  void freeze(Epoch epoch, FrozenEntries& frozen) override {
    for (const auto& column : columns_) column->freeze(epoch, frozen);
  }
  void base_advanced(Epoch epoch) override {
    for (const auto& column : columns_) column->base_advanced(epoch);
  }

  uint64_t evict(uint64_t bytes) override {
    if (info_.size() == 0 || current_ != kNoRow) return 0;
    const uint64_t per_row = bytes_per_row();
    const uint64_t looks = bytes_to_look_at(bytes) / per_row + 1;
    uint64_t freed = 0;
    // At most twice round: the first time a row that was used since the last visit stays.
    for (size_t visited = 0; freed < bytes && visited < std::min(looks, uint64_t{2} * info_.size());
         ++visited) {
      hand_ = hand_ + 1 < info_.size() ? hand_ + 1 : 0;
      const Row row = static_cast<Row>(hand_);
      if (!info_[row].in_use || std::exchange(info_[row].used, false) ||
          !every_column(&Column::is_evictable, row))
        continue;
      forget(row);
      freed += per_row;
    }
    return freed;
  }
  uint64_t memory_bytes() const override { return slots_.size() * bytes_per_row(); }

  bool every_column(bool (Column::*is)(Row) const, Row row) const {
    for (const auto& column : columns_)
      if (!((*column).*is)(row)) return false;
    return true;
  }
  uint64_t bytes_per_row() const {
    uint64_t bytes = sizeof(Info) + sizeof(Slot) * 2 + sizeof(Row);
    for (const auto& column : columns_) bytes += column->bytes_per_row();
    return bytes;
  }

  HashSlots<Slot> slots_;
  Segments<Info> info_;
  std::vector<Row> free_;
  std::vector<Row> batch_;
  std::vector<std::unique_ptr<Column>> columns_;
  size_t hand_ = 0;
  size_t void_hand_ = 0;
};

}  // namespace weir::detail
