#pragma once
// Keyed state of user code, below its types: each key in memory has a row, each state the user asks for is a
// column. A handle reads its column at the current row: typed, inlined, nothing virtual unless the value is
// not in memory.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "weir/detail/check.h"
#include "weir/detail/state_backend.h"
#include "weir/detail/state_key.h"
#include "weir/serde.h"

namespace weir::detail {

using Row = uint32_t;
inline constexpr Row kNoRow = std::numeric_limits<Row>::max();

/// An array that grows without moving what it holds.
template <class T>
class Segments {
 public:
  size_t size() const { return size_; }
  T& operator[](size_t i) { return segments_[i / kSegment][i % kSegment]; }
  const T& operator[](size_t i) const { return segments_[i / kSegment][i % kSegment]; }
  void grow(size_t size) {
    while (segments_.size() * kSegment < size) segments_.push_back(std::make_unique<T[]>(kSegment));
    size_ = size;
  }

 private:
  static constexpr size_t kSegment = 1024;
  std::vector<std::unique_ptr<T[]>> segments_;
  size_t size_ = 0;
};

/// What a column needs from the table of keys.
class Rows {
 public:
  Rows(StateBackend& backend, uint32_t key_groups) : backend_(backend), key_groups_(key_groups) {}
  virtual ~Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  /// The key that is being processed. Outside of a callback there is none, and touching state is a bug.
  Row current() const {
    WEIR_CHECK(current_ != kNoRow);
    return current_;
  }
  StateBackend& backend() const { return backend_; }
  uint32_t key_groups() const { return key_groups_; }

  virtual uint64_t hash(Row row) const = 0;
  /// Appends key group and Serde bytes of the key.
  virtual void encode_key(Row row, std::string& out) const = 0;
  virtual void prefetch_key(Row row) const = 0;
  virtual std::string key_schema() const = 0;

 protected:
  Row current_ = kNoRow;

 private:
  StateBackend& backend_;
  uint32_t key_groups_;
};

/// One state of all keys.
class Column {
 public:
  virtual ~Column() = default;
  virtual void grow(size_t rows) = 0;
  /// Loads those of these rows that are neither known nor complete. One multi-get.
  virtual void load(absl::Span<const Row> rows) = 0;
  virtual void prefetch(Row row) const = 0;
  virtual void freeze(Epoch epoch, FrozenEntries& frozen) = 0;
  virtual void base_advanced(Epoch epoch) = 0;
  /// The row's value may leave memory.
  virtual bool is_evictable(Row row) const = 0;
  /// There is nothing that a later miss would not find to be absent.
  virtual bool is_void(Row row) const = 0;
  virtual void forget(Row row) = 0;
  virtual uint64_t bytes_per_row() const = 0;
};

/// ValueState's column. Values do not move.
template <Serializable T>
class ValueColumn final : public Column {
 public:
  ValueColumn(Rows& rows, uint16_t state, bool backend_may_hold)
      : rows_(rows), state_(state), incomplete_(rows.key_groups(), backend_may_hold) {}

  T* get() {
    Slot& slot = known(rows_.current());
    return (slot.flags & kPresent) != 0 ? &slot.value : nullptr;
  }
  T& get_or_create() {
    const Row row = rows_.current();
    Slot& slot = known(row);
    make_dirty(slot, row);
    slot.flags |= kPresent;
    return slot.value;
  }
  void clear() {
    const Row row = rows_.current();
    Slot& slot = known(row);
    if ((slot.flags & kPresent) == 0) return;
    slot.value = T{};
    slot.flags &= static_cast<uint8_t>(~kPresent);
    make_dirty(slot, row);
  }

  void grow(size_t rows) override { slots_.grow(rows); }
  void prefetch(Row row) const override { __builtin_prefetch(&slots_[row], 1, 2); }

  void load(absl::Span<const Row> rows) override {
    if (incomplete_.none()) return;
    std::vector<Row> missing;
    std::vector<std::string> keys;
    for (const Row row : rows) {
      Slot& slot = at(row);
      if ((slot.flags & kKnown) != 0 || !incomplete_.contains(rows_.hash(row))) continue;
      slot.flags |= kKnown;
      missing.push_back(row);
      append_key(keys.emplace_back(), row);
    }
    if (missing.empty()) return;
    rows_.backend().get(keys, [&](size_t index, std::string_view value) {
      Slot& slot = at(missing[index]);
      if (!from_bytes(value, slot.value)) throw_undecodable("value", keys[index]);
      slot.flags |= kPresent | kStored;
      if (average_bytes_ == 0) average_bytes_ = value.size();
    });
  }

  void freeze(Epoch epoch, FrozenEntries& frozen) override {
    const size_t before = frozen.buffer().size();
    size_t puts = 0;
    constexpr size_t kAhead = 16;
    for (size_t i = 0; i < dirty_.size(); ++i) {
      if (i + kAhead < dirty_.size()) {
        prefetch(dirty_[i + kAhead]);
        rows_.prefetch_key(dirty_[i + kAhead]);
      }
      const Row row = dirty_[i];
      Slot& slot = at(row);
      const bool stored = (slot.flags & kStored) != 0;
      const bool present = (slot.flags & kPresent) != 0;
      slot.flags &= static_cast<uint8_t>(~(kDirty | kStored));
      if (!present && !stored) continue;  // came and went within the epoch
      slot.frozen_in = stamp(epoch);
      frozen.begin();
      append_key(frozen.buffer(), row);
      frozen.key_done();
      if (!present) {
        frozen.delete_done();
        continue;
      }
      Serde<T>::encode(slot.value, frozen.buffer());
      frozen.put_done();
      slot.flags |= kStored;
      ++puts;
    }
    dirty_.clear();
    if (puts > 0) average_bytes_ = (frozen.buffer().size() - before) / puts;
  }
  void base_advanced(Epoch epoch) override { base_ = stamp(epoch); }

  bool is_evictable(Row row) const override {
    const Slot& slot = at(row);
    return (slot.flags & kDirty) == 0 && slot.frozen_in <= base_;
  }
  bool is_void(Row row) const override { return is_evictable(row) && (at(row).flags & kPresent) == 0; }
  void forget(Row row) override {
    Slot& slot = at(row);
    if ((slot.flags & kPresent) != 0) {
      incomplete_.add(rows_.hash(row));
      slot.value = T{};
    }
    slot.flags = 0;
    slot.frozen_in = 0;
  }
  uint64_t bytes_per_row() const override {
    return sizeof(Slot) + (std::is_trivially_copyable_v<T> ? 0 : average_bytes_);
  }

 private:
  enum Flag : uint8_t {
    kKnown = 1,  ///< value and kPresent are the truth; else the store has to be asked
    kPresent = 2,
    kDirty = 4,   ///< changed since the last freeze; in dirty_
    kStored = 8,  ///< base or deltas hold a value: its deletion must be written
  };
  struct Slot {
    T value{};
    uint32_t frozen_in = 0;
    uint8_t flags = 0;
  };

  /// Never 0, and a run does not last for 2^32 epochs.
  static uint32_t stamp(Epoch epoch) { return static_cast<uint32_t>(epoch.number + 1); }
  Slot& at(Row row) { return slots_[row]; }
  const Slot& at(Row row) const { return slots_[row]; }
  Slot& known(Row row) {
    Slot& slot = at(row);
    if ((slot.flags & kKnown) == 0) {
      load(absl::MakeConstSpan(&row, 1));
      slot.flags |= kKnown;
    }
    return slot;
  }
  void make_dirty(Slot& slot, Row row) {
    if ((slot.flags & kDirty) != 0) return;
    slot.flags |= kDirty;
    dirty_.push_back(row);
  }
  void append_key(std::string& out, Row row) const {
    put_state_prefix(out, state_, KeyLayout::kPlain, 0);
    rows_.encode_key(row, out);
  }

  Rows& rows_;
  const uint16_t state_;
  IncompleteGroups incomplete_;
  Segments<Slot> slots_;
  std::vector<Row> dirty_;
  uint32_t base_ = 0;
  uint64_t average_bytes_ = 0;
};

}  // namespace weir::detail
