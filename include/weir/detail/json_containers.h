#pragma once
// JSON of the standard containers.

#include <algorithm>
#include <array>
#include <concepts>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "weir/detail/json_types.h"

namespace weir::detail {

/// [1,2,3] from any range.
template <class T, class Range>
bool encode_array(const Range& values, JsonWriter& writer) {
  writer.put('[');
  size_t index = 0;
  for (const auto& value : values) {
    if (index > 0) writer.put(',');
    if (!Json<T>::encode(value, writer)) return writer.failure().in_element(index);
    ++index;
  }
  writer.put(']');
  return true;
}

template <HasJson T, class Allocator>
struct Json<std::vector<T, Allocator>> {
  using V = std::vector<T, Allocator>;
  static bool decode(JsonValue json, V& values, JsonFailure& failure) {
    values.clear();
    if (json.kind() != JsonKind::kArray) return failure.expected("array", json);
    JsonValue element;
    for (JsonElements elements(json); elements.next(element);) {
      T value{};
      if (!Json<T>::decode(element, value, failure)) return failure.in_element(values.size());
      values.push_back(std::move(value));
    }
    return true;
  }
  static bool encode(const V& values, JsonWriter& writer) { return encode_array<T>(values, writer); }
};

template <HasJson T, size_t N>
struct Json<std::array<T, N>> {
  static bool decode(JsonValue json, std::array<T, N>& values, JsonFailure& failure) {
    if (!read_tuple_size(json, N, failure)) return false;
    JsonElements elements(json);
    JsonValue element;
    for (size_t i = 0; i < N && elements.next(element); ++i) {
      if (!Json<T>::decode(element, values[i], failure)) return failure.in_element(i);
    }
    return true;
  }
  static bool encode(const std::array<T, N>& values, JsonWriter& writer) {
    return encode_array<T>(values, writer);
  }
};

/// As arrays: ["EWR",3].
template <class Tuple, class... T>
struct JsonTuple {
  static bool decode(JsonValue json, Tuple& values, JsonFailure& failure) {
    if (!read_tuple_size(json, sizeof...(T), failure)) return false;
    return decode_elements(JsonElements(json), values, failure, std::index_sequence_for<T...>{});
  }
  static bool encode(const Tuple& values, JsonWriter& writer) {
    writer.put('[');
    if (!encode_elements(values, writer, std::index_sequence_for<T...>{})) return false;
    writer.put(']');
    return true;
  }

 private:
  template <size_t... I>
  static bool decode_elements(JsonElements elements, Tuple& values, JsonFailure& failure,
                              std::index_sequence<I...>) {
    JsonValue element;
    return ((elements.next(element) &&
             (Json<T>::decode(element, std::get<I>(values), failure) || failure.in_element(I))) &&
            ...);
  }
  template <size_t... I>
  static bool encode_elements(const Tuple& values, JsonWriter& writer, std::index_sequence<I...>) {
    return (((I == 0 || (writer.put(','), true)) &&
             (Json<T>::encode(std::get<I>(values), writer) || writer.failure().in_element(I))) &&
            ...);
  }
};
template <HasJson A, HasJson B>
struct Json<std::pair<A, B>> : JsonTuple<std::pair<A, B>, A, B> {};
template <HasJson... T>
struct Json<std::tuple<T...>> : JsonTuple<std::tuple<T...>, T...> {};

/// Objects when the keys are strings, else arrays of [key,value].
template <class Map, class K, class V>
struct JsonMap {
  static bool decode(JsonValue json, Map& map, JsonFailure& failure) {
    map.clear();
    if constexpr (std::is_same_v<K, std::string>) {
      if (json.kind() != JsonKind::kObject) return failure.expected("object", json);
      std::string_view name;
      JsonValue value;
      for (JsonFields fields(json); fields.next(name, value);) {
        if (!Json<V>::decode(value, map[std::string(name)], failure)) return failure.in_member(name);
      }
    } else {
      if (json.kind() != JsonKind::kArray) return failure.expected("array", json);
      JsonValue element;
      size_t index = 0;
      for (JsonElements elements(json); elements.next(element); ++index) {
        std::pair<K, V> entry;
        if (!Json<std::pair<K, V>>::decode(element, entry, failure)) return failure.in_element(index);
        map.insert_or_assign(std::move(entry.first), std::move(entry.second));
      }
    }
    return true;
  }

  template <class Entries>
  static bool encode_entries(const Entries& entries, JsonWriter& writer) {
    constexpr bool kObject = std::is_same_v<K, std::string>;
    writer.put(kObject ? '{' : '[');
    bool first = true;
    for (const auto& entry : entries) {
      const K& key = entry.first;
      const V& value = entry.second;
      if (!first) writer.put(',');
      first = false;
      if constexpr (kObject) {
        if (!writer.string(key)) return false;
        writer.put(':');
        if (!Json<V>::encode(value, writer)) return writer.failure().in_member(key);
      } else {
        writer.put('[');
        if (!Json<K>::encode(key, writer)) return false;
        writer.put(',');
        if (!Json<V>::encode(value, writer)) return false;
        writer.put(']');
      }
    }
    writer.put(kObject ? '}' : ']');
    return true;
  }
};

template <HasJson K, HasJson V, class Less, class Allocator>
struct Json<std::map<K, V, Less, Allocator>> : JsonMap<std::map<K, V, Less, Allocator>, K, V> {
  static bool encode(const std::map<K, V, Less, Allocator>& map, JsonWriter& writer) {
    return JsonMap<std::map<K, V, Less, Allocator>, K, V>::encode_entries(map, writer);
  }
};

/// In the order of the keys, so that equal maps give equal text.
template <HasJson K, HasJson V, class Hash, class Equal, class Allocator>
  requires std::totally_ordered<K>
struct Json<std::unordered_map<K, V, Hash, Equal, Allocator>>
    : JsonMap<std::unordered_map<K, V, Hash, Equal, Allocator>, K, V> {
  using Map = std::unordered_map<K, V, Hash, Equal, Allocator>;
  static bool encode(const Map& map, JsonWriter& writer) {
    std::vector<std::pair<std::reference_wrapper<const K>, std::reference_wrapper<const V>>> sorted(
        map.begin(), map.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.first.get() < b.first.get(); });
    return JsonMap<Map, K, V>::encode_entries(sorted, writer);
  }
};

}  // namespace weir::detail
