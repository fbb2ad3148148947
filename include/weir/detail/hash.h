#pragma once
// The key hash: XXH3-64, seed 0, over the key's Serde bytes. Its name is part of every snapshot, since key
// groups and so the placement of state derive from it. hash_u64 and hash_u32 are the same function for 8 and
// 4 bytes, inlined.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::detail {

inline constexpr std::string_view kKeyHashName = "xxh3-64";

uint64_t hash_bytes(const void* data, size_t size);
inline uint64_t hash_bytes(std::string_view bytes) { return hash_bytes(bytes.data(), bytes.size()); }

inline uint64_t xxh3_4to8(uint32_t first4, uint32_t last4, uint64_t length) {
  constexpr uint64_t kBitflip =
      0x1cad21f72c81017cULL ^ 0xdb979083e96dd4deULL;  // secret[8..16) ^ secret[16..24)
  uint64_t h = (static_cast<uint64_t>(last4) + (static_cast<uint64_t>(first4) << 32)) ^ kBitflip;
  h ^= ((h << 49) | (h >> 15)) ^ ((h << 24) | (h >> 40));
  h *= 0x9FB21C651E98DF25ULL;
  h ^= (h >> 35) + length;
  h *= 0x9FB21C651E98DF25ULL;
  return h ^ (h >> 28);
}
inline uint64_t hash_u64(uint64_t v) {
  return xxh3_4to8(static_cast<uint32_t>(v), static_cast<uint32_t>(v >> 32), 8);
}
inline uint64_t hash_u32(uint32_t v) { return xxh3_4to8(v, v, 4); }

}  // namespace weir::detail
