#pragma once
// The hash of a key: hash_bytes over its Serde bytes, and the same number on shorter ways.

#include <bit>
#include <cstring>
#include <string>
#include <type_traits>

#include "weir/detail/hash.h"
#include "weir/serde.h"

namespace weir::detail {

template <class T>
struct DurationRep {
  using type = void;
};
template <class Rep, class Period>
struct DurationRep<std::chrono::duration<Rep, Period>> {
  using type = Rep;
};

/// XXH3-64 of the varint length and the bytes.
inline uint64_t hash_string(std::string_view key) {
  char buffer[128];
  if (key.size() < 128) {
    buffer[0] = static_cast<char>(key.size());
    if (!key.empty()) std::memcpy(buffer + 1, key.data(), key.size());
    return hash_bytes(buffer, key.size() + 1);
  }
  std::string bytes;
  bytes.reserve(key.size() + 10);
  put_bytes(bytes, key);
  return hash_bytes(bytes);
}

template <Serializable K>
uint64_t hash_key(const K& key) {
  if constexpr (std::is_same_v<K, std::string>) {
    return hash_string(key);
  } else if constexpr (std::is_enum_v<K>) {
    return hash_key(static_cast<std::underlying_type_t<K>>(key));
  } else if constexpr (std::is_integral_v<K> && sizeof(K) == 8) {
    return hash_u64(static_cast<uint64_t>(key));
  } else if constexpr (std::is_integral_v<K> && sizeof(K) == 4) {
    return hash_u32(static_cast<uint32_t>(key));
  } else if constexpr (std::is_integral_v<typename DurationRep<K>::type>) {
    return hash_key(key.count());
  } else if constexpr (requires {
                         requires std::is_integral_v<typename DurationRep<typename K::duration>::type>;
                       }) {
    return hash_key(key.time_since_epoch().count());
  } else {
    thread_local std::string bytes;
    bytes.clear();
    Serde<K>::encode(key, bytes);
    return hash_bytes(bytes);
  }
}

}  // namespace weir::detail
