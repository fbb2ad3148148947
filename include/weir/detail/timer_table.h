#pragma once
// The timers of a keyed operator: a set of (time, key), ordered by time. All of it is in memory; the store
// keeps a copy under KeyLayout::kTimer.
//
// A change costs nothing but its line in the log: a timer knows its line, and one that comes and goes between
// two freezes cancels it. So a freeze walks the log only and never looks into the tree.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "weir/detail/state_backend.h"
#include "weir/detail/state_key.h"
#include "weir/serde.h"
#include "weir/time.h"

namespace weir::detail {

/// Worker's thread only. Hashes are hash_key(key).
template <class K>
class TimerTable final : public FreezableTable {
 public:
  struct Options {
    StateBackend* backend = nullptr;  ///< null: memory only
    uint16_t state = 0;
    uint32_t key_groups = 1024;
  };

  /// Loads what the store has.
  explicit TimerTable(Options options) : options_(options) {
    if (options_.backend == nullptr) return;
    if (options_.backend->may_hold(options_.state)) load();
    options_.backend->attach(this);
  }
  ~TimerTable() override {
    if (options_.backend != nullptr) options_.backend->detach(this);
  }
  TimerTable(const TimerTable&) = delete;
  TimerTable& operator=(const TimerTable&) = delete;

  /// False: it is there already.
  bool add(Timestamp time, const K& key, uint64_t hash) {
    const auto [at, added] = timers_.try_emplace(Timer{to_millis(time), hash, key}, Line{});
    if (added && options_.backend != nullptr) {
      at->second = Line{generation_, static_cast<uint32_t>(log_.size())};
      log_.push_back({to_millis(time), hash, key, Change::kAdded});
    }
    return added;
  }

  /// False: there was none.
  bool remove(Timestamp time, const K& key, uint64_t hash) {
    const auto at = timers_.find(Timer{to_millis(time), hash, key});
    if (at == timers_.end()) return false;
    take(at);
    return true;
  }

  /// The earliest time; kMaxTimestamp also when there is no timer: ask empty().
  Timestamp next() const {
    return timers_.empty() ? kMaxTimestamp : from_millis(timers_.begin()->first.time);
  }
  bool empty() const { return timers_.empty(); }
  size_t size() const { return timers_.size(); }

  /// Removes and gives the earliest timer at or before `until`.
  std::optional<std::pair<Timestamp, K>> pop_due(Timestamp until) {
    if (timers_.empty() || timers_.begin()->first.time > to_millis(until)) return std::nullopt;
    const auto at = timers_.begin();
    std::pair<Timestamp, K> due(from_millis(at->first.time), at->first.key);
    take(at);
    return due;
  }

  void freeze(Epoch, FrozenEntries& frozen) override {
    for (const Logged& logged : log_) {
      if (logged.change == Change::kCancelled) continue;
      frozen.begin();
      append_key(frozen.buffer(), logged);
      frozen.key_done();
      logged.change == Change::kAdded ? frozen.put_done() : frozen.delete_done();
    }
    log_.clear();
    ++generation_;
  }
  void base_advanced(Epoch) override {}
  uint64_t evict(uint64_t) override { return 0; }
  uint64_t memory_bytes() const override {
    return timers_.size() * (sizeof(Timer) + sizeof(Line)) * 4 / 3 + log_.capacity() * sizeof(Logged);
  }

 private:
  struct Timer {
    int64_t time;
    uint64_t hash;
    K key;
    friend bool operator<(const Timer& a, const Timer& b) {
      if (a.time != b.time) return a.time < b.time;
      if (a.hash != b.hash) return a.hash < b.hash;
      if (a.key == b.key) return false;
      return to_bytes(a.key) < to_bytes(b.key);
    }
  };
  /// Where a timer's addition stands in log_; of an older generation: the store has it.
  struct Line {
    uint64_t generation = 0;
    uint32_t index = 0;
  };
  enum class Change : uint8_t { kAdded, kRemoved, kCancelled };
  struct Logged {
    int64_t time;
    uint64_t hash;
    K key;
    Change change;
  };
  using Timers = absl::btree_map<Timer, Line>;

  void take(typename Timers::iterator at) {
    if (options_.backend != nullptr) {
      if (at->second.generation == generation_) {
        log_[at->second.index].change = Change::kCancelled;
      } else {
        log_.push_back({at->first.time, at->first.hash, at->first.key, Change::kRemoved});
      }
    }
    timers_.erase(at);
  }

  void append_key(std::string& out, const Logged& timer) const {
    put_state_prefix(out, options_.state, KeyLayout::kTimer, timer.time);
    put_key_group(out, timer.hash, options_.key_groups);
    Serde<K>::encode(timer.key, out);
  }

  void load() {
    std::string begin;
    put_big_endian16(begin, options_.state);
    options_.backend->scan(begin, after_prefix(begin), [&](std::string_view bytes, std::string_view) {
      Timer timer{};
      const size_t offset = key_offset(KeyLayout::kTimer);
      if (bytes.size() < offset || !from_bytes(bytes.substr(offset), timer.key))
        throw_undecodable("timer", bytes);
      timer.time = sortable_at(bytes.data() + 2);
      timer.hash = hash_bytes(bytes.substr(offset));
      timers_.emplace_hint(timers_.end(), std::move(timer), Line{});
      return true;
    });
  }

  Options options_;
  Timers timers_;
  std::vector<Logged> log_;
  uint64_t generation_ = 1;
};

}  // namespace weir::detail
