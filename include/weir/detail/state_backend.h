#pragma once
// The compiled side of keyed state: what typed tables (keyed_table.h, keyed_rows.h, timer_table.h) need from
// the worker's store. Calls come per miss, per batch of misses and per epoch, never per record. Worker's
// thread only.
//
// Keys, big endian: window state  [state u16][slice i64 sortable][key group u16][key bytes],
//                   other state   [state u16][key group u16][key bytes],
//                   timers        [state u16][time i64 sortable][key group u16][key bytes].

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "weir/epoch.h"
#include "weir/time.h"

namespace weir::detail {

/// Where the key group stands in a key, for rescaling.
enum class KeyLayout : uint8_t { kPlain = 0, kSliced = 1, kTimer = 2 };

struct StateDeclaration {
  std::string name;  ///< within the operator: "window", "timers", or the user's name
  KeyLayout layout = KeyLayout::kPlain;
  std::string key_schema;  ///< Serde<K>::schema()
  std::string value_schema;
  std::string previously;  ///< the name under which older snapshots hold it; empty unless renamed
};

/// The frozen changes of an epoch: one flat buffer, entries in any order, later sorted off the worker's
/// thread. Of two entries with the same key the later one counts.
class FrozenEntries {
 public:
  struct Entry {
    uint64_t offset;
    uint32_t key_size;
    uint32_t value_size;
    bool deleted;
  };

  /// Append with: put_key into buffer(), key_done(), put_value into buffer(), then put_done() or
  /// delete_done().
  std::string& buffer() { return buffer_; }
  void begin() { start_ = buffer_.size(); }
  void key_done() { key_size_ = static_cast<uint32_t>(buffer_.size() - start_); }
  void put_done() {
    entries_.push_back(
        {start_, key_size_, static_cast<uint32_t>(buffer_.size() - start_ - key_size_), false});
  }
  void delete_done() { entries_.push_back({start_, key_size_, 0, true}); }
  /// All older keys in [begin, end) go; puts of the same epoch stay.
  void delete_range(std::string begin, std::string end) {
    ranges_.emplace_back(std::move(begin), std::move(end));
  }

  bool empty() const { return entries_.empty() && ranges_.empty(); }
  /// Keeps the memory: fresh memory costs about as much as what is written to it.
  void clear() {
    buffer_.clear();
    entries_.clear();
    ranges_.clear();
  }
  std::vector<Entry>& entries() { return entries_; }
  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<std::pair<std::string, std::string>>& ranges() const { return ranges_; }
  std::string_view key(const Entry& e) const { return {buffer_.data() + e.offset, e.key_size}; }
  std::string_view value(const Entry& e) const {
    return {buffer_.data() + e.offset + e.key_size, e.value_size};
  }

 private:
  std::string buffer_;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, std::string>> ranges_;
  uint64_t start_ = 0;
  uint32_t key_size_ = 0;
};

/// A typed table as the store sees it.
class FreezableTable {
 public:
  virtual ~FreezableTable() = default;
  /// Appends every change since the last freeze; these entries belong to `epoch` now.
  virtual void freeze(Epoch epoch, FrozenEntries& frozen) = 0;
  /// Everything frozen up to `epoch` is in the base: such entries may leave memory.
  virtual void base_advanced(Epoch epoch) = 0;
  /// Drops up to about `bytes` of entries whose value is in the base (second chance); gives what it freed.
  /// Looks at no more than about kLooksPerEviction times `bytes` and goes on from there the next time.
  virtual uint64_t evict(uint64_t bytes) = 0;
  static constexpr uint64_t kLooksPerEviction = 4;
  static uint64_t bytes_to_look_at(uint64_t bytes) {
    return bytes > UINT64_MAX / kLooksPerEviction ? UINT64_MAX : bytes * kLooksPerEviction;
  }
  virtual uint64_t memory_bytes() const = 0;
};

class StateBackend {
 public:
  virtual ~StateBackend() = default;

  /// A named state of this operator; gives its number. Throws OperatorError when the restored snapshot holds
  /// it with another schema (the message names operator, state, old and new schema).
  virtual uint16_t declare(const StateDeclaration& declaration) = 0;
  /// True when the restored base or its deltas may hold entries of this state (else no miss needs to ask).
  virtual bool may_hold(uint16_t state) const = 0;

  /// Tables take part in freezes from attach to detach; both are called by the table itself.
  virtual void attach(FreezableTable* table) = 0;
  virtual void detach(FreezableTable* table) = 0;

  /// found(i, value) for each key that the store holds. One multi-get.
  virtual void get(absl::Span<const std::string> keys,
                   absl::FunctionRef<void(size_t index, std::string_view value)> found) = 0;
  /// visit(key, value) in key order for begin <= key < end until it returns false.
  virtual void scan(std::string_view begin, std::string_view end,
                    absl::FunctionRef<bool(std::string_view key, std::string_view value)> visit) = 0;
  /// A table that dies leaves a range to delete with the next freeze (an expired slice).
  virtual void delete_range_at_next_freeze(std::string begin, std::string end) = 0;
};

}  // namespace weir::detail
