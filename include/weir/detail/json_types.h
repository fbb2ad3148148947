#pragma once
// JSON of single values: numbers, strings, times, optionals.

#include <chrono>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include "weir/detail/json_read.h"
#include "weir/detail/json_writer.h"

namespace weir::detail {

/// static bool decode(JsonValue, T&, JsonFailure&); static bool encode(const T&, JsonWriter&): false is a
/// failure.
template <class T>
struct Json;

template <class T>
concept HasJson =
    std::is_same_v<T, std::remove_cvref_t<T>> && std::is_default_constructible_v<T> &&
    requires(const T& value, T& decoded, JsonWriter& writer, JsonValue json, JsonFailure& failure) {
      { Json<T>::encode(value, writer) } -> std::same_as<bool>;
      { Json<T>::decode(json, decoded, failure) } -> std::same_as<bool>;
    };

template <class T>
inline constexpr bool is_json_optional = false;
template <class T>
inline constexpr bool is_json_optional<std::optional<T>> = true;

template <>
struct Json<bool> {
  static bool decode(JsonValue json, bool& value, JsonFailure& failure) {
    return read_bool(json, value, failure);
  }
  static bool encode(bool value, JsonWriter& writer) { return writer.boolean(value), true; }
};

template <class T>
  requires(std::is_integral_v<T> && std::is_signed_v<T>)
struct Json<T> {
  static bool decode(JsonValue json, T& value, JsonFailure& failure) {
    int64_t number = 0;
    if (!read_signed(json, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), number, failure))
      return false;
    value = static_cast<T>(number);
    return true;
  }
  static bool encode(T value, JsonWriter& writer) { return writer.number(static_cast<int64_t>(value)), true; }
};

template <class T>
  requires(std::is_integral_v<T> && std::is_unsigned_v<T> && !std::is_same_v<T, bool>)
struct Json<T> {
  static bool decode(JsonValue json, T& value, JsonFailure& failure) {
    uint64_t number = 0;
    if (!read_unsigned(json, std::numeric_limits<T>::max(), number, failure)) return false;
    value = static_cast<T>(number);
    return true;
  }
  static bool encode(T value, JsonWriter& writer) {
    return writer.number(static_cast<uint64_t>(value)), true;
  }
};

template <>
struct Json<double> {
  static bool decode(JsonValue json, double& value, JsonFailure& failure) {
    return read_double(json, value, failure);
  }
  static bool encode(double value, JsonWriter& writer) { return writer.number(value); }
};

template <>
struct Json<float> {
  static bool decode(JsonValue json, float& value, JsonFailure& failure) {
    return read_float(json, value, failure);
  }
  static bool encode(float value, JsonWriter& writer) { return writer.number(value); }
};

template <>
struct Json<std::string> {
  static bool decode(JsonValue json, std::string& value, JsonFailure& failure) {
    return read_string(json, value, failure);
  }
  static bool encode(const std::string& value, JsonWriter& writer) { return writer.string(value); }
};

/// The number of ticks.
template <HasJson Rep, class Period>
struct Json<std::chrono::duration<Rep, Period>> {
  using T = std::chrono::duration<Rep, Period>;
  static bool decode(JsonValue json, T& value, JsonFailure& failure) {
    Rep count{};
    if (!Json<Rep>::decode(json, count, failure)) return false;
    value = T{count};
    return true;
  }
  static bool encode(T value, JsonWriter& writer) { return Json<Rep>::encode(value.count(), writer); }
};

template <class Clock, HasJson D>
struct Json<std::chrono::time_point<Clock, D>> {
  using T = std::chrono::time_point<Clock, D>;
  static bool decode(JsonValue json, T& value, JsonFailure& failure) {
    D since{};
    if (!Json<D>::decode(json, since, failure)) return false;
    value = T{since};
    return true;
  }
  static bool encode(T value, JsonWriter& writer) {
    return Json<D>::encode(value.time_since_epoch(), writer);
  }
};

template <HasJson T>
struct Json<std::optional<T>> {
  static bool decode(JsonValue json, std::optional<T>& value, JsonFailure& failure) {
    value.reset();
    return json.kind() == JsonKind::kNull || Json<T>::decode(json, value.emplace(), failure);
  }
  static bool encode(const std::optional<T>& value, JsonWriter& writer) {
    if (!value) return writer.null(), true;
    return Json<T>::encode(*value, writer);
  }
};

}  // namespace weir::detail
