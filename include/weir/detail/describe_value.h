#pragma once
// Values as text, for error messages and for comparing outputs in tests. Different values give different text
// for every type that is printed member by member; floating point numbers are printed so that they read back
// equal.

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <ranges>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "weir/serde.h"

namespace weir::detail {

template <class T>
void append_value(std::string& text, const T& value);

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) { out << value; };
template <class T>
concept DurationLike = requires(const T& value) {
  { value.count() } -> std::convertible_to<int64_t>;
  typename T::period;
};
template <class T>
concept TimePointLike = requires(const T& value) {
  { value.time_since_epoch() } -> DurationLike;
};
template <class T>
concept TupleLike = requires { std::tuple_size<T>::value; } && !std::ranges::range<const T>;
template <class T>
concept OptionalLike = requires(const T& value) {
  value.has_value();
  *value;
};

/// Types that append_value prints.
template <class T>
concept Describable =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || std::convertible_to<const T&, std::string_view> ||
    DurationLike<T> || TimePointLike<T> || OptionalLike<T> || TupleLike<T> || std::ranges::range<const T> ||
    Described<T> || Streamable<T>;

template <class T>
void append_number(std::string& text, T value) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  text.append(buffer, end);
}

template <class T, template <class...> class List, class... D>
void append_members(std::string& text, const T& value, List<D...>*) {
  std::string_view separator = "{";
  ((text.append(separator).append(D::name).append(": "), append_value(text, value.*D::pointer),
    separator = ", "),
   ...);
  text += sizeof...(D) == 0 ? "{}" : "}";
}

template <class T>
void append_range(std::string& text, const T& values) {
  std::string_view separator;
  text += '[';
  for (const auto& value : values) {
    text.append(separator);
    append_value(text, value);
    separator = ", ";
  }
  text += ']';
}

template <class T>
void append_value(std::string& text, const T& value) {
  static_assert(
      Describable<T>,
      "weir: this type cannot be printed; describe it with BOOST_DESCRIBE_STRUCT or give it operator<<");
  if constexpr (std::is_same_v<T, bool>) {
    text += value ? "true" : "false";
  } else if constexpr (std::is_arithmetic_v<T>) {
    if constexpr (sizeof(T) == 1) {
      append_number(text, static_cast<int>(value));
    } else {
      append_number(text, value);
    }
  } else if constexpr (std::is_enum_v<T>) {
    append_value(text, static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    text.append("\"").append(std::string_view(value)).append("\"");
  } else if constexpr (DurationLike<T>) {
    append_value(text, value.count());
  } else if constexpr (TimePointLike<T>) {
    append_value(text, value.time_since_epoch().count());
  } else if constexpr (OptionalLike<T>) {
    value.has_value() ? append_value(text, *value) : void(text += "none");
  } else if constexpr (Described<T>) {
    append_members(text, value, static_cast<MembersOf<T>*>(nullptr));
  } else if constexpr (TupleLike<T>) {
    text += '(';
    std::apply([&text](const auto&... part) { ((append_value(text, part), text += ' '), ...); }, value);
    text.back() = ')';
  } else if constexpr (std::ranges::range<const T>) {
    append_range(text, value);
  } else if constexpr (Streamable<T>) {
    std::ostringstream out;
    out << value;
    text += std::move(out).str();
  }
}

/// A string alone stands without quotes.
template <class T>
std::string describe_value(const T& value) {
  std::string text;
  if constexpr (std::convertible_to<const T&, std::string_view>) return text.assign(std::string_view(value));
  append_value(text, value);
  return text;
}

}  // namespace weir::detail
