#pragma once
// Bytes of a state key; the layout is at the top of state_backend.h.

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/detail/coding.h"
#include "weir/detail/state_backend.h"

namespace weir::detail {

inline void put_state_prefix(std::string& out, uint16_t state, KeyLayout layout, int64_t slice_or_time) {
  put_big_endian16(out, state);
  if (layout != KeyLayout::kPlain) put_sortable(out, slice_or_time);
}
inline uint32_t key_group_of(uint64_t hash, uint32_t key_groups) {
  // The usual number is a power of two, and a division would be a good part of freezing an entry.
  const bool power_of_two = (key_groups & (key_groups - 1)) == 0;
  return static_cast<uint32_t>(power_of_two ? hash & (key_groups - 1) : hash % key_groups);
}
inline void put_key_group(std::string& out, uint64_t hash, uint32_t key_groups) {
  const uint32_t group = key_group_of(hash, key_groups);
  const char bytes[2] = {static_cast<char>(group >> 8), static_cast<char>(group)};
  out.append(bytes, 2);
}
/// Where the key group stands.
inline constexpr size_t group_offset(KeyLayout layout) { return layout == KeyLayout::kPlain ? 2 : 10; }
/// Where the key's own bytes start.
inline constexpr size_t key_offset(KeyLayout layout) { return group_offset(layout) + 2; }

/// The first string after all that start with `prefix`; empty if there is none.
inline std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

/// Throws OperatorError: the store holds bytes that its schema does not explain.
[[noreturn]] void throw_undecodable(const char* what, std::string_view key);

/// Starts loading what a string or vector holds outside of itself.
template <class T>
void prefetch_content(const T& value) {
  if constexpr (requires { value.data(); }) __builtin_prefetch(value.data(), 0, 2);
}

/// Which key groups of a table may have entries that only the store has.
class IncompleteGroups {
 public:
  explicit IncompleteGroups(uint32_t key_groups, bool all) : key_groups_(key_groups) {
    if (all) mark_all();
  }
  bool none() const { return words_.empty(); }
  bool contains(uint64_t hash) const {
    if (words_.empty()) return false;
    const uint32_t group = key_group_of(hash, key_groups_);
    return (words_[group / 64] >> (group % 64) & 1) != 0;
  }
  void add(uint64_t hash) {
    if (words_.empty()) words_.assign((key_groups_ + 63) / 64, 0);
    const uint32_t group = key_group_of(hash, key_groups_);
    words_[group / 64] |= uint64_t{1} << (group % 64);
  }
  void clear() { words_.clear(); }

 private:
  void mark_all() { words_.assign((key_groups_ + 63) / 64, ~uint64_t{0}); }

  uint32_t key_groups_;
  std::vector<uint64_t> words_;
};

}  // namespace weir::detail
