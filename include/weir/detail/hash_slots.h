#pragma once
// The open-addressing table under keyed state. Own code, because keyed state needs what a standard table does
// not give: software prefetch with a hash that is already known, one mark per slot (dirty) that a freeze
// finds without visiting the others, and growth in small steps.
//
// Invariants:
//  1. The table is a directory of shards (extendible hashing). The top bits of a hash choose the shard, its
//  low 32
//     bits the home slot. A shard has at most kMaxSlots slots, so no insertion moves more than that many.
//  2. Within a shard: linear probing, no tombstones; between an entry's home and its slot every slot is
//  occupied.
//  3. A slot is occupied exactly if its flags are not 0. Only occupied slots hold a constructed Slot.
//  4. At most 60 % of a shard is occupied: probing further costs more than the memory (keyed count of 100,000
//  keys:
//     0.40 of a hand-written loop at 75 %, 0.63 at 60 %, on two cores that others used too).
//  5. version() changes whenever an entry may have moved.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace weir::detail {

/// Slot has fields `uint64_t hash` and `uint8_t flags`, and moves without throwing. One thread.
template <class Slot>
class HashSlots {
 public:
  static constexpr uint32_t kMinSlots = 8;
  static constexpr uint32_t kMaxSlots =
      static_cast<uint32_t>(std::clamp<size_t>((size_t{1} << 20) / sizeof(Slot), 256, 16384));
  /// Hashes that share more leading bits than this are no hashes; their shard grows beyond kMaxSlots instead.
  static constexpr uint32_t kMaxDepth = 20;

  struct Shard {
    Slot* slots = nullptr;
    uint32_t capacity = 0;
    uint32_t used = 0;
    uint32_t depth = 0;
    uint32_t prefix = 0;  ///< the top `depth` bits of its hashes
    std::vector<uint64_t> marks;
  };

  HashSlots() { reset(); }
  ~HashSlots() { release_all(); }
  HashSlots(const HashSlots&) = delete;
  HashSlots& operator=(const HashSlots&) = delete;

  size_t size() const { return size_; }
  uint64_t version() const { return version_; }
  uint64_t memory_bytes() const {
    return slot_count_ * sizeof(Slot) + slot_count_ / 8 + shards_.size() * sizeof(Shard) +
           routes_.size() * sizeof(Route);
  }

  void prefetch(uint64_t hash) const {
    const Route& route = route_of(hash);
    __builtin_prefetch(route.slots + home(hash, route.capacity), 1, 2);
  }

  template <class Equal>
  Slot* find(uint64_t hash, Equal&& equal) const {
    const Route& route = route_of(hash);
    if (route.capacity == 0) return nullptr;
    Slot* const slots = route.slots;
    for (uint32_t i = home(hash, route.capacity);;) {
      Slot& slot = slots[i];
      if (slot.flags == 0) return nullptr;
      if (slot.hash == hash && equal(slot)) return &slot;
      if (++i == route.capacity) i = 0;
    }
  }

  /// The hash must not be there with an equal key. Entries for which keep() is false may vanish when room is
  /// needed.
  template <class Keep>
  Slot& insert(Slot&& entry, Keep&& keep) {
    Shard* shard = &shard_of(entry.hash);
    while ((shard->used + 1) * uint64_t{5} > shard->capacity * uint64_t{3}) {
      grow(*shard, keep);
      shard = &shard_of(entry.hash);
    }
    Slot& slot = place(*shard, std::move(entry));
    ++size_;
    return slot;
  }

  /// Other entries of the shard may move.
  void erase(Slot& slot) {
    Shard& shard = shard_of(slot.hash);
    auto hole = static_cast<uint32_t>(&slot - shard.slots);
    ++version_;
    --size_;
    --shard.used;
    set_mark(shard, hole, false);
    destroy(shard.slots[hole]);
    for (uint32_t next = hole;;) {
      if (++next == shard.capacity) next = 0;
      if (shard.slots[next].flags == 0) return;
      const uint32_t wanted = home(shard.slots[next].hash, shard.capacity);
      // Stays if its home lies cyclically in (hole, next].
      if (hole < next ? (wanted > hole && wanted <= next) : (wanted > hole || wanted <= next)) continue;
      new (&shard.slots[hole]) Slot(std::move(shard.slots[next]));
      set_mark(shard, hole, is_marked(shard, next));
      set_mark(shard, next, false);
      destroy(shard.slots[next]);
      hole = next;
    }
  }

  void mark(const Slot& slot) {
    Shard& shard = shard_of(slot.hash);
    set_mark(shard, static_cast<uint32_t>(&slot - shard.slots), true);
  }

  /// Visits the marked entries and removes the marks. visit may change an entry, not the table. peek(entry)
  /// comes some entries before visit(entry): to prefetch what an entry points to.
  template <class Peek, class Visit>
  void take_marked(Peek&& peek, Visit&& visit) {
    constexpr size_t kFar = 24;
    constexpr size_t kNear = 8;
    for (Shard& shard : shards_) {
      marked_.clear();
      for (size_t word = 0; word < shard.marks.size(); ++word)
        for (uint64_t bits = std::exchange(shard.marks[word], 0); bits != 0; bits &= bits - 1)
          marked_.push_back(static_cast<uint32_t>(word * 64) + static_cast<uint32_t>(__builtin_ctzll(bits)));
      const size_t count = marked_.size();
      for (size_t i = 0; i < std::min(kFar, count); ++i) prefetch_slot(shard.slots[marked_[i]]);
      for (size_t i = 0; i < std::min(kNear, count); ++i)
        peek(static_cast<const Slot&>(shard.slots[marked_[i]]));
      for (size_t i = 0; i < count; ++i) {
        if (i + kFar < count) prefetch_slot(shard.slots[marked_[i + kFar]]);
        if (i + kNear < count) peek(static_cast<const Slot&>(shard.slots[marked_[i + kNear]]));
        visit(shard.slots[marked_[i]]);
      }
    }
  }

  // Shards by number, for sweeps.
  size_t shard_count() const { return shards_.size(); }
  Shard& shard(size_t number) { return shards_[number]; }
  uint64_t shard_bytes(size_t number) const { return shards_[number].capacity * sizeof(Slot); }

  /// Drops the entries for which keep(slot) is false and gives back the room; gives the bytes that this
  /// freed.
  template <class Keep>
  uint64_t shrink(size_t number, Keep&& keep) {
    Shard& shard = shards_[number];
    const uint32_t before = shard.capacity;
    uint32_t kept = 0;
    for_each(shard, [&](Slot& slot) {
      if (keep(slot)) {
        ++kept;
      } else {
        slot.flags |= kDropped;
      }
    });
    if (kept == shard.used && capacity_for(kept) * uint64_t{2} > before) return 0;
    rebuild(shard, std::min(capacity_for(kept), before),
            [](const Slot& slot) { return (slot.flags & kDropped) == 0; });
    return (before - shard.capacity) * sizeof(Slot);
  }

  // Shards in the order of their hashes, for cursors.
  Shard& shard_of(uint64_t hash) { return shards_[route_of(hash).shard]; }
  /// The first hash after this shard's; 0 after the last one.
  static uint64_t end_of(const Shard& shard) {
    return shard.depth == 0 ? 0 : (uint64_t{shard.prefix} + 1) << (64 - shard.depth);
  }

  template <class Visit>
  static void for_each(Shard& shard, Visit&& visit) {
    for (uint32_t i = 0; i < shard.capacity; ++i)
      if (shard.slots[i].flags != 0) visit(shard.slots[i]);
  }

  void clear() {
    release_all();
    reset();
  }

 private:
  /// Owned by this file: set only within shrink().
  static constexpr uint8_t kDropped = 0x80;

  struct Route {
    Slot* slots;
    uint32_t capacity;
    uint32_t shard;
  };

  static void prefetch_slot(const Slot& slot) {
    for (size_t at = 0; at < std::min<size_t>(sizeof slot, 128); at += 64)
      __builtin_prefetch(reinterpret_cast<const char*>(&slot) + at, 1, 2);
  }

  const Route& route_of(uint64_t hash) const { return routes_[depth_ == 0 ? 0 : hash >> (64 - depth_)]; }
  static uint32_t home(uint64_t hash, uint32_t capacity) {
    return static_cast<uint32_t>((uint64_t{static_cast<uint32_t>(hash)} * capacity) >> 32);
  }
  static uint32_t capacity_for(uint32_t entries) {
    return entries == 0 ? 0 : std::max(kMinSlots, entries * 2 + 1);
  }

  static bool is_marked(const Shard& shard, uint32_t i) { return (shard.marks[i / 64] >> (i % 64) & 1) != 0; }
  static void set_mark(Shard& shard, uint32_t i, bool on) {
    const uint64_t bit = uint64_t{1} << (i % 64);
    uint64_t& word = shard.marks[i / 64];
    word = on ? word | bit : word & ~bit;
  }
  static void destroy(Slot& slot) {
    slot.~Slot();
    // The memory stays readable as an empty slot.
    std::memset(static_cast<void*>(&slot), 0, sizeof slot);
  }

  Slot& place(Shard& shard, Slot&& entry) {
    uint32_t i = home(entry.hash, shard.capacity);
    while (shard.slots[i].flags != 0)
      if (++i == shard.capacity) i = 0;
    ++shard.used;
    return *new (&shard.slots[i]) Slot(std::move(entry));
  }

  void allocate(Shard& shard, uint32_t capacity) {
    shard.capacity = capacity;
    shard.used = 0;
    shard.slots = nullptr;
    if (capacity > 0) {
      shard.slots =
          static_cast<Slot*>(::operator new(capacity * sizeof(Slot), std::align_val_t{alignof(Slot)}));
      std::memset(static_cast<void*>(shard.slots), 0, capacity * sizeof(Slot));
    }
    shard.marks.assign((capacity + 63) / 64, 0);
    slot_count_ += capacity;
  }
  void release(Slot* slots, uint32_t capacity) {
    slot_count_ -= capacity;
    ::operator delete(slots, std::align_val_t{alignof(Slot)});
  }
  void release_all() {
    for (Shard& shard : shards_) {
      for_each(shard, [](Slot& slot) { slot.~Slot(); });
      release(shard.slots, shard.capacity);
    }
    shards_.clear();
    routes_.clear();
  }
  void reset() {
    ++version_;
    size_ = 0;
    depth_ = 0;
    shards_.resize(1);
    routes_.assign(1, Route{nullptr, 0, 0});
  }

  void point_routes(uint32_t number) {
    const Shard& shard = shards_[number];
    const uint32_t first = shard.prefix << (depth_ - shard.depth);
    const uint32_t count = uint32_t{1} << (depth_ - shard.depth);
    for (uint32_t i = first; i < first + count; ++i) routes_[i] = Route{shard.slots, shard.capacity, number};
  }

  template <class Keep>
  void grow(Shard& shard, Keep& keep) {
    uint32_t kept = 0;
    for_each(shard, [&](const Slot& slot) { kept += keep(slot) ? 1 : 0; });
    const uint64_t wanted = std::max<uint64_t>(kMinSlots, uint64_t{kept} * 3);
    if (wanted <= kMaxSlots || kept * uint64_t{2} <= uint64_t{kMaxSlots} || shard.depth >= kMaxDepth) {
      const uint64_t limit = shard.depth >= kMaxDepth ? wanted : kMaxSlots;
      rebuild(shard, static_cast<uint32_t>(std::min(wanted, limit)), keep);
    } else {
      split(shard, keep);
    }
  }

  template <class Keep>
  void rebuild(Shard& shard, uint32_t capacity, Keep&& keep) {
    Shard old = std::move(shard);
    shard.depth = old.depth;
    shard.prefix = old.prefix;
    allocate(shard, capacity);
    move_entries(old, keep, [&shard](const Slot&) -> Shard& { return shard; });
    point_routes(static_cast<uint32_t>(&shard - shards_.data()));
  }

  template <class Keep>
  void split(Shard& whole, Keep& keep) {
    Shard old = std::move(whole);
    const auto low = static_cast<uint32_t>(&whole - shards_.data());
    const auto high = static_cast<uint32_t>(shards_.size());
    shards_.emplace_back();  // `whole` is gone
    if (old.depth == depth_) {
      std::vector<Route> doubled(routes_.size() * 2);
      for (size_t i = 0; i < doubled.size(); ++i) doubled[i] = routes_[i / 2];
      routes_.swap(doubled);
      ++depth_;
    }
    const uint32_t bit = 63 - old.depth;
    uint32_t counts[2] = {0, 0};
    for_each(old, [&](const Slot& slot) { counts[slot.hash >> bit & 1] += keep(slot) ? 1 : 0; });
    for (uint32_t half = 0; half < 2; ++half) {
      Shard& shard = shards_[half == 0 ? low : high];
      shard.depth = old.depth + 1;
      shard.prefix = old.prefix * 2 + half;
      allocate(shard, std::clamp(counts[half] * 3, kMinSlots, kMaxSlots));
    }
    move_entries(old, keep, [&](const Slot& slot) -> Shard& {
      return shards_[(slot.hash >> bit & 1) != 0 ? high : low];
    });
    point_routes(low);
    point_routes(high);
  }

  template <class Keep, class Target>
  void move_entries(Shard& old, Keep& keep, Target&& target) {
    ++version_;
    for (uint32_t i = 0; i < old.capacity; ++i) {
      Slot& slot = old.slots[i];
      if (slot.flags == 0) continue;
      if (keep(static_cast<const Slot&>(slot))) {
        Shard& to = target(slot);
        Slot& placed = place(to, std::move(slot));
        if (is_marked(old, i)) set_mark(to, static_cast<uint32_t>(&placed - to.slots), true);
      } else {
        --size_;
      }
      slot.~Slot();
    }
    release(old.slots, old.capacity);
  }

  std::vector<Shard> shards_;
  std::vector<Route> routes_;
  uint32_t depth_ = 0;
  uint64_t version_ = 0;
  size_t size_ = 0;
  uint64_t slot_count_ = 0;
  std::vector<uint32_t> marked_;
};

}  // namespace weir::detail
