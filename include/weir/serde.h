#pragma once
// How values are bytes in state, in keys and in snapshots. Derived for described types:
//
//   struct Trade { std::string symbol; double price; };
//   BOOST_DESCRIBE_STRUCT(Trade, (), (symbol, price))
//
//   std::string bytes;
//   weir::Serde<Trade>::encode(trade, bytes);
//   weir::Serde<Trade>::schema();   // "struct{symbol:string,price:f64}"
//
// The schema is compared on restore, and it is enough to walk the bytes without the type:
//
//   schema                         bytes
//   bool                           00 or 01
//   i8 … i64, u8 … u64, f32, f64   little endian
//   enum<i32>, enum<i32>{a=0,b=1}  the underlying integer (names: described enums)
//   duration<i64,1/1000>           the count; time<…> likewise, since the clock's epoch
//   string                         varint length, bytes
//   optional<T>                    00, or 01 and T
//   list<T>                        varint count, elements (std::vector)
//   array<T,3>                     elements (std::array)
//   map<K,V>                       varint count, pairs in the order of the map; of K's bytes for unordered
//   maps tuple<A,B>                     members one after the other (std::tuple, std::pair) variant<A,B> one
//   byte, the index, and the value; std::monostate is "unit" struct{a:A,b:B}                members one after
//   the other
//
// Nothing is empty: a unit, an empty struct, tuple or array is one byte 00, so that a count that exceeds the
// remaining bytes is always wrong and decoding allocates no more than the input justifies.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "weir/detail/coding.h"

namespace weir {

/// The state encoding of T. Specialise it for a type that cannot be described: the same three functions, at
/// least one byte for each value, equal bytes for equal values if T is to be a key.
///
///   static void encode(const T& value, std::string& out);           // appends
///   static bool decode(detail::ByteReader& in, T& value);           // false: not such bytes; value
///   unspecified static std::string schema();
template <class T>
struct Serde;

/// Types that can be state: arithmetic types, enums, std::string, std::chrono durations and time points,
/// std::optional, vector, array, map, unordered_map, pair, tuple and variant of such, and described structs
/// of such:
///
///   struct Trade { std::string symbol; double price; };
///   BOOST_DESCRIBE_STRUCT(Trade, (), (symbol, price))      // at namespace scope, at most 52 members
template <class T>
concept Serializable = std::is_same_v<T, std::remove_cvref_t<T>> && std::is_default_constructible_v<T> &&
                       requires(const T& value, T& decoded, std::string& out, detail::ByteReader& in) {
                         Serde<T>::encode(value, out);
                         { Serde<T>::decode(in, decoded) } -> std::same_as<bool>;
                         { Serde<T>::schema() } -> std::same_as<std::string>;
                       };

namespace detail {
template <class T>
inline constexpr bool is_fixed_number = (std::is_integral_v<T> || std::is_same_v<T, float> ||
                                         std::is_same_v<T, double>)&&!std::is_same_v<T, bool> &&
                                        sizeof(T) <= 8;

/// The value's bytes.
template <Serializable T>
std::string to_bytes(const T& value) {
  std::string bytes;
  Serde<T>::encode(value, bytes);
  return bytes;
}
/// True if the bytes are exactly one value.
template <Serializable T>
bool from_bytes(std::string_view bytes, T& value) {
  ByteReader in(bytes);
  return Serde<T>::decode(in, value) && in.at_end();
}
}  // namespace detail

template <>
struct Serde<bool> {
  static void encode(bool value, std::string& out) { out.push_back(value ? '\1' : '\0'); }
  static bool decode(detail::ByteReader& in, bool& value) {
    const auto byte = in.fixed<uint8_t>();
    value = byte == 1;
    return in.ok() && byte <= 1;
  }
  static std::string schema() { return "bool"; }
};

template <class T>
  requires detail::is_fixed_number<T>
struct Serde<T> {
  static void encode(T value, std::string& out) { detail::put_fixed(out, value); }
  static bool decode(detail::ByteReader& in, T& value) {
    value = in.fixed<T>();
    return in.ok();
  }
  static std::string schema() {
    const char kind = std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> ? 'i' : 'u';
    return kind + std::to_string(sizeof(T) * 8);
  }
};

template <>
struct Serde<std::string> {
  static void encode(const std::string& value, std::string& out) { detail::put_bytes(out, value); }
  static bool decode(detail::ByteReader& in, std::string& value) {
    value = in.bytes();
    return in.ok();
  }
  static std::string schema() { return "string"; }
};

template <class Rep, class Period>
  requires detail::is_fixed_number<Rep>
struct Serde<std::chrono::duration<Rep, Period>> {
  using T = std::chrono::duration<Rep, Period>;
  static void encode(T value, std::string& out) { Serde<Rep>::encode(value.count(), out); }
  static bool decode(detail::ByteReader& in, T& value) {
    Rep count{};
    const bool ok = Serde<Rep>::decode(in, count);
    value = T{count};
    return ok;
  }
  /// "<i64,1/1000>", shared with time points.
  static std::string parameters() {
    return "<" + Serde<Rep>::schema() + "," + std::to_string(Period::num) + "/" +
           std::to_string(Period::den) + ">";
  }
  static std::string schema() { return "duration" + parameters(); }
};

template <class Clock, class D>
  requires requires { Serde<D>::parameters(); }
struct Serde<std::chrono::time_point<Clock, D>> {
  using T = std::chrono::time_point<Clock, D>;
  static void encode(T value, std::string& out) { Serde<D>::encode(value.time_since_epoch(), out); }
  static bool decode(detail::ByteReader& in, T& value) {
    D since{};
    const bool ok = Serde<D>::decode(in, since);
    value = T{since};
    return ok;
  }
  static std::string schema() { return "time" + Serde<D>::parameters(); }
};

}  // namespace weir

#include "weir/detail/serde_containers.h"  // IWYU pragma: export
#include "weir/detail/serde_described.h"   // IWYU pragma: export
#include "weir/detail/serde_hash.h"        // IWYU pragma: export
