#pragma once
// A typed table of keys and values in memory over the worker's store: what windows, joins and aggregates
// keep.
//
// Invariants:
//  1. The newest value of a key is in memory, or else in the store's base.
//  2. An entry leaves memory only when it is clean and the base holds what it was last frozen as.
//  3. A key group that is not in incomplete_ has all its values in memory: a miss there asks nobody.
//
// An entry may stand for "no value": a deletion that is not in the base yet, or a miss that the store
// answered.

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "weir/detail/check.h"
#include "weir/detail/hash_slots.h"
#include "weir/detail/state_backend.h"
#include "weir/detail/state_key.h"
#include "weir/serde.h"

namespace weir::detail {

/// Worker's thread only. Hashes are hash_key(key).
template <class K, class V>
class KeyedTable final : public FreezableTable {
 public:
  struct Options {
    StateBackend* backend = nullptr;  ///< null: a scratch table, memory only
    uint16_t state = 0;
    KeyLayout layout = KeyLayout::kPlain;
    int64_t slice = 0;  ///< kSliced: which one
    uint32_t key_groups = 1024;
    /// The store may hold entries already: true after a restore (StateBackend::may_hold; for slices
    /// stored_slices()), false for a new slice.
    bool backend_may_hold = false;
  };

  /// A position of visit(); for one table at a time, and one per table.
  struct Cursor {
    bool open = false;
    bool memory_done = false;
    uint64_t from_hash = 0;
    uint32_t index = 0;
    uint64_t version = 0;
    std::string next_key;
  };

  explicit KeyedTable(Options options)
      : options_(options),
        incomplete_(options.key_groups, options.backend != nullptr && options.backend_may_hold) {
    put_state_prefix(prefix_, options_.state, options_.layout, options_.slice);
    stored_ = options_.backend != nullptr && options_.backend_may_hold;
    if (options_.backend != nullptr) options_.backend->attach(this);
  }
  ~KeyedTable() override {
    if (options_.backend == nullptr) return;
    if (range_delete_) options_.backend->delete_range_at_next_freeze(prefix_, after_prefix(prefix_));
    options_.backend->detach(this);
  }
  KeyedTable(const KeyedTable&) = delete;
  KeyedTable& operator=(const KeyedTable&) = delete;

  /// After this find and upsert of these keys ask nobody until the next maintenance: misses are loaded with
  /// one multi-get. Call once a batch; cheap when the table is complete.
  void prefetch(absl::Span<const K* const> keys, absl::Span<const uint64_t> hashes) {
    for (const uint64_t hash : hashes) slots_.prefetch(hash);
    if (incomplete_.none()) return;
    missing_.clear();
    missing_keys_.clear();
    loading_ = true;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (!incomplete_.contains(hashes[i]) || find_slot(*keys[i], hashes[i]) != nullptr) continue;
      // Absent until the store says otherwise; a key that comes twice is asked for once.
      insert_absent(*keys[i], hashes[i]);
      missing_.push_back(i);
      missing_keys_.push_back(encoded(*keys[i], hashes[i]));
    }
    loading_ = false;
    if (missing_.empty()) return;
    options_.backend->get(missing_keys_, [&](size_t index, std::string_view value) {
      const size_t i = missing_[index];
      fill(*find_slot(*keys[i], hashes[i]), missing_keys_[index], value);
    });
  }

  /// Null: no value. Valid until the next call that inserts. A change through the pointer is kept only with
  /// upsert().
  V* find(const K& key, uint64_t hash) {
    Slot* slot = find_slot(key, hash);
    if (slot == nullptr) {
      if (!incomplete_.contains(hash)) return nullptr;
      slot = &load(key, hash);
    }
    touch(*slot);
    return (slot->flags & kAbsent) != 0 ? nullptr : &slot->value;
  }

  /// What find gives, or a new V{}; to be changed by the caller. Valid until the next call that inserts.
  V& upsert(const K& key, uint64_t hash) {
    Slot* slot = find_slot(key, hash);
    if (slot == nullptr) slot = incomplete_.contains(hash) ? &load(key, hash) : &insert_absent(key, hash);
    if ((slot->flags & kAbsent) != 0) {
      slot->flags &= static_cast<uint8_t>(~kAbsent);
      ++present_;
    }
    make_dirty(*slot);
    return slot->value;
  }

  void erase(const K& key, uint64_t hash) {
    Slot* slot = find_slot(key, hash);
    if (slot == nullptr) {
      if (!incomplete_.contains(hash)) return;
      slot = &load(key, hash);
    }
    if ((slot->flags & kAbsent) != 0) return;
    --present_;
    if ((slot->flags & kStored) == 0 && slot->frozen_in <= base_ && !cursor_open_) return slots_.erase(*slot);
    slot->value = V{};
    slot->flags |= kAbsent;
    if ((slot->flags & kStored) != 0) make_dirty(*slot);
  }

  /// Calls f(const K&, uint64_t hash, V&) for each value, also for those that only the store has, about
  /// max_entries of them in a call; true when done. A value that is there for the whole visit comes once; f
  /// and others may change the table between and within calls. A change through the reference is kept only
  /// with upsert(). Nothing is evicted while a cursor is open; close() gives up half-way.
  template <class F>
  bool visit(Cursor& cursor, size_t max_entries, F&& f) {
    if (!cursor.open) open(cursor);
    size_t left = std::max<size_t>(max_entries, 1);
    if (!cursor.memory_done && !visit_memory(cursor, left, f)) return false;
    if (!incomplete_.none() && !visit_store(cursor, left, f)) return false;
    finish(cursor);
    return true;
  }
  void close(Cursor& cursor) {
    if (!cursor.open) return;
    unseen_left_ = true;
    finish(cursor);
  }

  /// Forgets all entries; what the store has of them goes with the next freeze. The table is empty and
  /// complete.
  void drop() {
    WEIR_CHECK(!cursor_open_);
    slots_.clear();
    present_ = 0;
    incomplete_.clear();
    if (std::exchange(stored_, false)) range_delete_ = true;
  }

  bool empty_in_memory() const { return present_ == 0; }
  /// Values in memory; all there are if complete().
  size_t size_in_memory() const { return present_; }
  bool complete() const { return incomplete_.none(); }
  const Options& options() const { return options_; }

  void freeze(Epoch epoch, FrozenEntries& frozen) override {
    if (std::exchange(range_delete_, false)) frozen.delete_range(prefix_, after_prefix(prefix_));
    const size_t bytes_before = frozen.buffer().size();
    size_t puts = 0;
    const auto prefetch = [](const Slot& slot) {
      prefetch_content(slot.key);
      prefetch_content(slot.value);
    };
    slots_.take_marked(prefetch, [&](Slot& slot) {
      const bool stored = (slot.flags & kStored) != 0;
      const bool absent = (slot.flags & kAbsent) != 0;
      slot.flags &= static_cast<uint8_t>(~(kDirty | kStored));
      if (absent && !stored) return;  // came and went within the epoch
      slot.frozen_in = stamp(epoch);
      frozen.begin();
      append_key(frozen.buffer(), slot.key, slot.hash);
      frozen.key_done();
      if (absent) return frozen.delete_done();
      Serde<V>::encode(slot.value, frozen.buffer());
      frozen.put_done();
      slot.flags |= kStored;
      ++puts;
    });
    if (puts == 0) return;
    stored_ = true;
    average_bytes_ = (frozen.buffer().size() - bytes_before) / puts;
  }

  void base_advanced(Epoch epoch) override { base_ = stamp(epoch); }

  uint64_t evict(uint64_t bytes) override {
    if (cursor_open_ || options_.backend == nullptr) return 0;
    uint64_t freed = 0;
    uint64_t looked = 0;
    // At most twice round: the first time an entry that was used since the last visit stays.
    for (size_t visited = 0; visited < 2 * slots_.shard_count(); ++visited) {
      if (freed >= bytes || looked >= bytes_to_look_at(bytes)) break;
      hand_ = hand_ + 1 < slots_.shard_count() ? hand_ + 1 : 0;
      looked += slots_.shard_bytes(hand_);
      const size_t before = slots_.size();
      freed += slots_.shrink(hand_, [&](Slot& slot) {
        if (!is_evictable(slot)) return true;
        if ((slot.flags & kUsed) != 0) {
          slot.flags &= static_cast<uint8_t>(~kUsed);
          return true;
        }
        if ((slot.flags & kAbsent) == 0) {
          incomplete_.add(slot.hash);
          --present_;
        }
        return false;
      });
      freed += (before - slots_.size()) * heap_bytes_per_entry();
    }
    return freed;
  }

  uint64_t memory_bytes() const override {
    return slots_.memory_bytes() + slots_.size() * heap_bytes_per_entry();
  }

 private:
  enum Flag : uint8_t {
    kOccupied = 1,
    kDirty = 2,   ///< changed since the last freeze; marked
    kAbsent = 4,  ///< no value
    kStored = 8,  ///< base or deltas hold a value: its deletion must be written
    kUsed = 16,   ///< since the last sweep
    kSeen = 32,   ///< equals seen_: the open cursor has been here
  };
  struct Slot {
    uint64_t hash;
    uint32_t
        frozen_in;  ///< stamp of the last freeze that wrote it; 0: came from the store or was never written
    uint8_t flags;
    K key;
    V value;
  };

  /// Never 0, and a run does not last for 2^32 epochs.
  static uint32_t stamp(Epoch epoch) { return static_cast<uint32_t>(epoch.number + 1); }

  Slot* find_slot(const K& key, uint64_t hash) const {
    return slots_.find(hash, [&](const Slot& slot) { return slot.key == key; });
  }
  void touch(Slot& slot) {
    if ((slot.flags & kUsed) == 0) slot.flags |= kUsed;
  }
  void make_dirty(Slot& slot) {
    if ((slot.flags & kDirty) != 0 || options_.backend == nullptr) return;
    slot.flags |= kDirty | kUsed;
    slots_.mark(slot);
  }
  bool is_evictable(const Slot& slot) const { return (slot.flags & kDirty) == 0 && slot.frozen_in <= base_; }
  /// What growth may throw out: an absence that a miss would find again, from the store or from completeness.
  bool is_worth_keeping(const Slot& slot) const {
    return (slot.flags & kAbsent) == 0 || !is_evictable(slot) || cursor_open_ || loading_;
  }

  Slot& insert_absent(const K& key, uint64_t hash) {
    // Unseen while a cursor is open: it may be a value of the store that the cursor has yet to come to.
    const bool seen = cursor_open_ ? !seen_ : seen_;
    unseen_left_ = unseen_left_ || cursor_open_;
    const auto flags = static_cast<uint8_t>(kOccupied | kAbsent | kUsed | (seen ? kSeen : 0));
    return slots_.insert(Slot{hash, 0, flags, key, V{}},
                         [this](const Slot& slot) { return is_worth_keeping(slot); });
  }
  Slot& load(const K& key, uint64_t hash) {
    Slot& slot = insert_absent(key, hash);
    missing_keys_.assign(1, encoded(key, hash));
    options_.backend->get(missing_keys_,
                          [&](size_t, std::string_view value) { fill(slot, missing_keys_[0], value); });
    return slot;
  }
  void fill(Slot& slot, std::string_view key, std::string_view value) {
    if (!from_bytes(value, slot.value)) throw_undecodable("value", key);
    slot.flags = static_cast<uint8_t>((slot.flags & ~kAbsent) | kStored);
    ++present_;
    if (average_bytes_ == 0) average_bytes_ = key.size() + value.size();
  }

  void append_key(std::string& out, const K& key, uint64_t hash) const {
    out.append(prefix_);
    put_key_group(out, hash, options_.key_groups);
    Serde<K>::encode(key, out);
  }
  std::string encoded(const K& key, uint64_t hash) const {
    std::string out;
    append_key(out, key, hash);
    return out;
  }

  /// What strings and containers hold outside of the slot, estimated from the encoded size.
  uint64_t heap_bytes_per_entry() const {
    if constexpr (std::is_trivially_copyable_v<K> && std::is_trivially_copyable_v<V>) return 0;
    return average_bytes_;
  }

  template <class F>
  void each_slot(F&& f) {
    for (size_t i = 0; i < slots_.shard_count(); ++i) slots_.for_each(slots_.shard(i), f);
  }
  bool is_seen(const Slot& slot) const { return ((slot.flags & kSeen) != 0) == seen_; }
  void set_seen(Slot& slot) const {
    slot.flags = static_cast<uint8_t>(seen_ ? slot.flags | kSeen : slot.flags & ~kSeen);
  }

  void open(Cursor& cursor) {
    WEIR_CHECK(!cursor_open_);
    cursor = Cursor{};
    cursor.open = cursor_open_ = true;
    cursor.version = slots_.version();
    cursor.next_key = prefix_;
    seen_ = !seen_;  // nothing is seen
  }

  void finish(Cursor& cursor) {
    cursor = Cursor{};
    cursor_open_ = false;
    if (std::exchange(unseen_left_, false)) each_slot([&](Slot& slot) { set_seen(slot); });
  }

  template <class F>
  bool visit_memory(Cursor& cursor, size_t& left, F& f) {
    while (true) {
      auto* shard = &slots_.shard_of(cursor.from_hash);
      if (cursor.version != slots_.version()) {
        cursor.version = slots_.version();
        cursor.index = 0;
      }
      while (cursor.index < shard->capacity) {
        Slot& slot = shard->slots[cursor.index];
        if (slot.flags == 0 || is_seen(slot)) {
          ++cursor.index;
          continue;
        }
        if (left == 0) return false;
        ++cursor.index;
        set_seen(slot);
        if ((slot.flags & kAbsent) != 0) continue;
        --left;
        f(static_cast<const K&>(slot.key), slot.hash, slot.value);
        if (cursor.version == slots_.version()) continue;
        cursor.version = slots_.version();
        cursor.index = 0;
        shard = &slots_.shard_of(cursor.from_hash);
      }
      cursor.index = 0;
      cursor.from_hash = slots_.end_of(*shard);
      if (cursor.from_hash == 0) break;
    }
    return cursor.memory_done = true;
  }

  template <class F>
  bool visit_store(Cursor& cursor, size_t& left, F& f) {
    bool done = true;
    options_.backend->scan(cursor.next_key, after_prefix(prefix_),
                           [&](std::string_view bytes, std::string_view value) {
                             if (left == 0) {
                               cursor.next_key = std::string(bytes);
                               return done = false;
                             }
                             const std::string_view key_bytes =
                                 bytes.substr(std::min(bytes.size(), key_offset(options_.layout)));
                             K key{};
                             if (!from_bytes(key_bytes, key)) throw_undecodable("key", bytes);
                             const uint64_t hash = hash_bytes(key_bytes);
                             if (Slot* slot = find_slot(key, hash); slot != nullptr) {
                               if (is_seen(*slot)) return true;
                               set_seen(*slot);
                               if ((slot->flags & kAbsent) != 0) return true;
                               --left;
                               f(static_cast<const K&>(slot->key), hash, slot->value);
                               return true;
                             }
                             V loaded{};
                             if (!from_bytes(value, loaded)) throw_undecodable("value", bytes);
                             --left;
                             f(static_cast<const K&>(key), hash, loaded);
                             return true;
                           });
    return done;
  }

  Options options_;
  std::string prefix_;
  HashSlots<Slot> slots_;
  IncompleteGroups incomplete_;
  size_t present_ = 0;
  bool stored_ = false;        ///< base or deltas may hold entries of this table
  bool range_delete_ = false;  ///< the next freeze deletes its range
  uint32_t base_ = 0;          ///< stamp of the last freeze that the base holds
  uint64_t average_bytes_ = 0;
  size_t hand_ = 0;
  bool cursor_open_ = false;
  bool seen_ = false;
  bool unseen_left_ = false;  ///< entries that came while the cursor was open
  bool loading_ = false;
  std::vector<size_t> missing_;
  std::vector<std::string> missing_keys_;
};

/// The slices of a window state of which the store has entries, in order. For after a restore.
inline std::vector<int64_t> stored_slices(StateBackend& backend, uint16_t state) {
  std::vector<int64_t> slices;
  std::string from;
  put_big_endian16(from, state);
  const std::string end = after_prefix(from);
  while (true) {
    bool found = false;
    backend.scan(from, end, [&](std::string_view key, std::string_view) {
      found = key.size() >= group_offset(KeyLayout::kSliced);
      if (found) slices.push_back(sortable_at(key.data() + 2));
      return false;
    });
    if (!found) return slices;
    from.resize(2);
    put_sortable(from, slices.back());
    from = after_prefix(from);
    if (from >= end) return slices;
  }
}

}  // namespace weir::detail
