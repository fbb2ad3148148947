#pragma once
// Bytes of state and of outbox frames. Fixed-width integers are little endian (values) or big endian with the
// sign bit flipped (the parts of a RocksDB key that must sort); lengths are LEB128 varints.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace weir::detail {

static_assert(std::endian::native == std::endian::little, "Weir's state format is little endian");

template <class Integer>
void put_fixed(std::string& out, Integer value) {
  static_assert(std::is_arithmetic_v<Integer>);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

inline void put_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

inline void put_bytes(std::string& out, std::string_view bytes) {
  put_varint(out, bytes.size());
  out.append(bytes);
}

/// Eight bytes that sort, as unsigned bytes, in the order of the signed values.
inline void put_sortable(std::string& out, int64_t value) {
  const uint64_t big = __builtin_bswap64(static_cast<uint64_t>(value) ^ (uint64_t{1} << 63));
  out.append(reinterpret_cast<const char*>(&big), sizeof big);
}
inline int64_t sortable_at(const char* bytes) {
  uint64_t big = 0;
  std::memcpy(&big, bytes, sizeof big);
  return static_cast<int64_t>(__builtin_bswap64(big) ^ (uint64_t{1} << 63));
}

inline void put_big_endian16(std::string& out, uint16_t value) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value));
}
inline void put_big_endian32(std::string& out, uint32_t value) {
  put_big_endian16(out, static_cast<uint16_t>(value >> 16));
  put_big_endian16(out, static_cast<uint16_t>(value));
}

/// Reads forward; after a read past the end every read gives zero and ok() is false. Hostile input is safe.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }
  size_t remaining() const { return rest_.size(); }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  template <class Integer>
  Integer fixed() {
    Integer value{};
    if (rest_.size() < sizeof value) return fail(), value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return fail(), 0;
  }
  /// A view into the input.
  std::string_view bytes() { return raw(varint()); }
  std::string_view raw(size_t size) {
    if (!ok_ || size > rest_.size()) return fail(), std::string_view{};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace weir::detail
