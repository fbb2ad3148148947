#pragma once
// Serde of what Boost.Describe describes: structs member by member, enums with the names in their schema.

#include <boost/describe/bases.hpp>
#include <boost/describe/class.hpp>  // IWYU pragma: export
#include <boost/describe/enum.hpp>   // IWYU pragma: export
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <string>
#include <type_traits>

#include "weir/serde.h"

namespace weir {
namespace detail {

/// True for a struct that has passed through BOOST_DESCRIBE_STRUCT or BOOST_DESCRIBE_CLASS.
template <class T>
concept Described = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

/// A list L<D…> of descriptors with D::pointer and D::name, in the order of the description.
template <class T>
using MembersOf = boost::describe::describe_members<T, boost::describe::mod_any_access>;

template <class T, class D>
using MemberType = std::remove_cvref_t<decltype(std::declval<T&>().*D::pointer)>;

template <class T, template <class...> class List, class... D>
constexpr bool all_serializable(List<D...>*) {
  return (Serializable<MemberType<T, D>> && ...);
}

template <class List>
inline constexpr bool is_empty_list = false;
template <template <class...> class List>
inline constexpr bool is_empty_list<List<>> = true;

/// A base would be left out of the bytes without a word.
template <Described T>
inline constexpr bool has_no_described_base =
    is_empty_list<boost::describe::describe_bases<T, boost::describe::mod_any_access>>;

template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

}  // namespace detail

template <detail::Described T>
  requires(detail::all_serializable<T>(static_cast<detail::MembersOf<T>*>(nullptr)))
struct Serde<T> {
  static_assert(detail::has_no_described_base<T>,
                "weir: a described struct with base classes cannot be serialised; make the base a member");

  static void encode(const T& value, std::string& out) { encode_members(value, out, members()); }
  static bool decode(detail::ByteReader& in, T& value) { return decode_members(in, value, members()); }
  static std::string schema() { return member_schemas(members()); }

 private:
  static detail::MembersOf<T>* members() { return nullptr; }

  template <template <class...> class List, class... D>
  static void encode_members(const T& value, std::string& out, List<D...>*) {
    if constexpr (sizeof...(D) == 0) out.push_back('\0');
    (Serde<detail::MemberType<T, D>>::encode(value.*D::pointer, out), ...);
  }
  template <template <class...> class List, class... D>
  static bool decode_members(detail::ByteReader& in, T& value, List<D...>*) {
    if constexpr (sizeof...(D) == 0) return in.fixed<uint8_t>() == 0 && in.ok();
    return (Serde<detail::MemberType<T, D>>::decode(in, value.*D::pointer) && ...);
  }
  template <template <class...> class List, class... D>
  static std::string member_schemas(List<D...>*) {
    std::string text = "struct{";
    ((text.append(D::name).append(":").append(Serde<detail::MemberType<T, D>>::schema()).append(",")), ...);
    if (sizeof...(D) > 0) text.pop_back();
    return text + "}";
  }
};

template <class T>
  requires std::is_enum_v<T>
struct Serde<T> {
  using Underlying = std::underlying_type_t<T>;
  static void encode(T value, std::string& out) {
    Serde<Underlying>::encode(static_cast<Underlying>(value), out);
  }
  static bool decode(detail::ByteReader& in, T& value) {
    Underlying number{};
    const bool ok = Serde<Underlying>::decode(in, number);
    value = static_cast<T>(number);
    return ok;
  }
  static std::string schema() {
    std::string text = "enum<" + Serde<Underlying>::schema() + ">";
    if constexpr (detail::DescribedEnum<T>) {
      text += names(static_cast<boost::describe::describe_enumerators<T>*>(nullptr));
    }
    return text;
  }

 private:
  template <template <class...> class List, class... D>
  static std::string names(List<D...>*) {
    std::string text = "{";
    ((text.append(D::name)
          .append("=")
          .append(std::to_string(+static_cast<Underlying>(D::value)))
          .append(",")),
     ...);
    if (sizeof...(D) > 0) text.pop_back();
    return text + "}";
  }
};

}  // namespace weir
