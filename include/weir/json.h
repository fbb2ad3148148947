#pragma once
// JSON from described types:
//
//   struct Departure { std::string origin; weir::Timestamp at; std::optional<int> delay_min; };
//   BOOST_DESCRIBE_STRUCT(Departure, (), (origin, at, delay_min))
//
//   {"origin":"EWR","at":1357034400000,"delay_min":null}
//
// Members come out in the order of the description, without spaces. Reading, they may come in any order;
// unknown ones are ignored; a missing one is an error unless it is a std::optional; null is for std::optional
// only. Times and durations are their count (a Timestamp: milliseconds), described enums their names, maps
// with string keys objects, pairs and tuples arrays. Doubles are the shortest text that reads back equal; NaN
// and infinities cannot be written.

#include <string>
#include <type_traits>

#include "weir/codec.h"
#include "weir/detail/json_described.h"

namespace weir {

/// Types that are JSON without more code: numbers, bool, std::string, enums, std::chrono durations and time
/// points, std::optional, vector, array, map, unordered_map, pair and tuple of such, and described structs of
/// such:
///
///   struct Trade { std::string symbol; double price; };
///   BOOST_DESCRIBE_STRUCT(Trade, (), (symbol, price))      // at namespace scope
///
/// For other types write a Codec<T> (codec.h) and name it in the option `.codec`.
template <class T>
concept JsonCodable = detail::HasJson<T>;

namespace detail {
template <JsonCodable T>
absl::Status decode_json(std::string_view bytes, T& record) {
  JsonFailure failure;
  JsonValue root;
  if (parse_json(bytes, root, failure) && Json<T>::decode(root, record, failure)) return absl::OkStatus();
  return failure.status();
}

template <JsonCodable T>
absl::Status encode_json(const T& record, std::string& bytes) {
  JsonWriter writer(bytes);
  if (Json<T>::encode(record, writer)) return absl::OkStatus();
  return writer.failure().status();
}
}  // namespace detail

/// One JSON value a record.
template <JsonCodable T>
Codec<T> json_codec() {
  return {&detail::decode_json<T>, &detail::encode_json<T>, "json"};
}

/// The record is its bytes.
inline Codec<std::string> raw_codec() {
  return {
      [](std::string_view bytes, std::string& record) { return record.assign(bytes), absl::OkStatus(); },
      [](const std::string& record, std::string& bytes) { return bytes.append(record), absl::OkStatus(); },
      "raw"};
}

/// What connectors use unless told otherwise: raw bytes for std::string, JSON for the rest.
template <JsonCodable T>
Codec<T> default_codec() {
  if constexpr (std::is_same_v<T, std::string>) {
    return raw_codec();
  } else {
    return json_codec<T>();
  }
}

}  // namespace weir
