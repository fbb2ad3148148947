#pragma once
// Serde of the standard containers. Counts are checked against the remaining bytes before anything is
// allocated.

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "weir/serde.h"

namespace weir {
namespace detail {

/// A count of elements of at least one byte each; false if so many cannot follow.
inline bool read_count(ByteReader& in, size_t& count) {
  const uint64_t read = in.varint();
  if (!in.ok() || read > in.remaining()) return in.fail(), false;
  count = static_cast<size_t>(read);
  return true;
}

template <class... T>
std::string join_schemas(std::string text) {
  ((text += Serde<T>::schema(), text += ','), ...);
  if (sizeof...(T) > 0) text.pop_back();
  return text + ">";
}

template <class Map>
bool decode_map(ByteReader& in, Map& map) {
  size_t count = 0;
  map.clear();
  if (!read_count(in, count)) return false;
  for (size_t i = 0; i < count; ++i) {
    typename Map::key_type key{};
    typename Map::mapped_type value{};
    if (!Serde<typename Map::key_type>::decode(in, key)) return false;
    if (!Serde<typename Map::mapped_type>::decode(in, value)) return false;
    if (!map.emplace(std::move(key), std::move(value)).second) return false;
  }
  return true;
}

/// For an empty tuple, array or struct.
inline void encode_unit(std::string& out) { out.push_back('\0'); }
inline bool decode_unit(ByteReader& in) { return in.fixed<uint8_t>() == 0 && in.ok(); }

}  // namespace detail

template <Serializable T>
struct Serde<std::optional<T>> {
  static void encode(const std::optional<T>& value, std::string& out) {
    out.push_back(value ? '\1' : '\0');
    if (value) Serde<T>::encode(*value, out);
  }
  static bool decode(detail::ByteReader& in, std::optional<T>& value) {
    bool present = false;
    value.reset();
    if (!Serde<bool>::decode(in, present)) return false;
    return !present || Serde<T>::decode(in, value.emplace());
  }
  static std::string schema() { return "optional<" + Serde<T>::schema() + ">"; }
};

template <Serializable T, class Allocator>
struct Serde<std::vector<T, Allocator>> {
  using V = std::vector<T, Allocator>;
  static void encode(const V& values, std::string& out) {
    detail::put_varint(out, values.size());
    if constexpr (detail::is_fixed_number<T>) {
      out.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    } else {
      for (const T& value : values) Serde<T>::encode(value, out);
    }
  }
  static bool decode(detail::ByteReader& in, V& values) {
    size_t count = 0;
    values.clear();
    if (!detail::read_count(in, count)) return false;
    if constexpr (detail::is_fixed_number<T>) {
      const std::string_view bytes =
          count <= in.remaining() / sizeof(T) ? in.raw(count * sizeof(T)) : std::string_view{};
      if (bytes.size() != count * sizeof(T)) return false;
      values.resize(count);
      if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    } else {
      // One byte of input may stand for a large element: grow with what really arrives.
      values.reserve(std::min(count, 1 + size_t{65536} / sizeof(T)));
      for (size_t i = 0; i < count; ++i) {
        T value{};
        if (!Serde<T>::decode(in, value)) return false;
        values.push_back(std::move(value));
      }
    }
    return true;
  }
  static std::string schema() { return "list<" + Serde<T>::schema() + ">"; }
};

template <Serializable T, size_t N>
struct Serde<std::array<T, N>> {
  static void encode(const std::array<T, N>& values, std::string& out) {
    if constexpr (N == 0) detail::encode_unit(out);
    for (const T& value : values) Serde<T>::encode(value, out);
  }
  static bool decode(detail::ByteReader& in, std::array<T, N>& values) {
    if constexpr (N == 0) return detail::decode_unit(in);
    for (T& value : values) {
      if (!Serde<T>::decode(in, value)) return false;
    }
    return true;
  }
  static std::string schema() { return "array<" + Serde<T>::schema() + "," + std::to_string(N) + ">"; }
};

template <Serializable K, Serializable V, class Less, class Allocator>
struct Serde<std::map<K, V, Less, Allocator>> {
  using Map = std::map<K, V, Less, Allocator>;
  static void encode(const Map& map, std::string& out) {
    detail::put_varint(out, map.size());
    for (const auto& [key, value] : map) {
      Serde<K>::encode(key, out);
      Serde<V>::encode(value, out);
    }
  }
  static bool decode(detail::ByteReader& in, Map& map) { return detail::decode_map(in, map); }
  static std::string schema() { return detail::join_schemas<K, V>("map<"); }
};

template <Serializable K, Serializable V, class Hash, class Equal, class Allocator>
struct Serde<std::unordered_map<K, V, Hash, Equal, Allocator>> {
  using Map = std::unordered_map<K, V, Hash, Equal, Allocator>;
  /// In the order of the keys' bytes: equal maps give equal bytes.
  static void encode(const Map& map, std::string& out) {
    std::vector<std::pair<std::string, const V*>> sorted;
    sorted.reserve(map.size());
    for (const auto& [key, value] : map) sorted.emplace_back(detail::to_bytes(key), &value);
    std::sort(sorted.begin(), sorted.end());
    detail::put_varint(out, map.size());
    for (const auto& [key, value] : sorted) {
      out += key;
      Serde<V>::encode(*value, out);
    }
  }
  static bool decode(detail::ByteReader& in, Map& map) { return detail::decode_map(in, map); }
  static std::string schema() { return detail::join_schemas<K, V>("map<"); }
};

template <Serializable A, Serializable B>
struct Serde<std::pair<A, B>> {
  static void encode(const std::pair<A, B>& value, std::string& out) {
    Serde<A>::encode(value.first, out);
    Serde<B>::encode(value.second, out);
  }
  static bool decode(detail::ByteReader& in, std::pair<A, B>& value) {
    return Serde<A>::decode(in, value.first) && Serde<B>::decode(in, value.second);
  }
  static std::string schema() { return detail::join_schemas<A, B>("tuple<"); }
};

template <Serializable... T>
struct Serde<std::tuple<T...>> {
  static void encode(const std::tuple<T...>& values, std::string& out) {
    if constexpr (sizeof...(T) == 0) detail::encode_unit(out);
    std::apply([&out](const T&... value) { (Serde<T>::encode(value, out), ...); }, values);
  }
  static bool decode(detail::ByteReader& in, std::tuple<T...>& values) {
    if constexpr (sizeof...(T) == 0) return detail::decode_unit(in);
    return std::apply([&in](T&... value) { return (Serde<T>::decode(in, value) && ...); }, values);
  }
  static std::string schema() { return detail::join_schemas<T...>("tuple<"); }
};

template <>
struct Serde<std::monostate> {
  static void encode(std::monostate, std::string& out) { detail::encode_unit(out); }
  static bool decode(detail::ByteReader& in, std::monostate&) { return detail::decode_unit(in); }
  static std::string schema() { return "unit"; }
};

template <Serializable... T>
struct Serde<std::variant<T...>> {
  static_assert(sizeof...(T) < 256, "weir: a variant in state has at most 255 alternatives");
  using V = std::variant<T...>;
  static void encode(const V& value, std::string& out) {
    out.push_back(static_cast<char>(value.index()));
    std::visit([&out]<class A>(const A& alternative) { Serde<A>::encode(alternative, out); }, value);
  }
  static bool decode(detail::ByteReader& in, V& value) {
    const auto index = in.fixed<uint8_t>();
    return in.ok() && decode_alternative(in, index, value, std::index_sequence_for<T...>{});
  }
  static std::string schema() { return detail::join_schemas<T...>("variant<"); }

 private:
  template <size_t... I>
  static bool decode_alternative(detail::ByteReader& in, size_t index, V& value, std::index_sequence<I...>) {
    return ((index == I && Serde<T>::decode(in, value.template emplace<I>())) || ...);
  }
};

}  // namespace weir
