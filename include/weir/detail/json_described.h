#pragma once
// JSON of what Boost.Describe describes: structs as objects in the order of the description, enums by name.

#include "weir/detail/json_containers.h"
#include "weir/detail/serde_described.h"

namespace weir::detail {

template <class T, template <class...> class List, class... D>
constexpr bool all_have_json(List<D...>*) {
  return (HasJson<MemberType<T, D>> && ...);
}

template <Described T>
  requires(all_have_json<T>(static_cast<MembersOf<T>*>(nullptr)))
struct Json<T> {
  static_assert(has_no_described_base<T>,
                "weir: a described struct with base classes cannot be JSON; make the base a member");

  static bool decode(JsonValue json, T& value, JsonFailure& failure) {
    return decode_members(json, value, failure, static_cast<MembersOf<T>*>(nullptr));
  }
  static bool encode(const T& value, JsonWriter& writer) {
    return encode_members(value, writer, static_cast<MembersOf<T>*>(nullptr));
  }

 private:
  template <class D>
  static bool decode_member(JsonValue json, void* record, JsonFailure& failure) {
    return Json<MemberType<T, D>>::decode(json, static_cast<T*>(record)->*D::pointer, failure);
  }
  template <class D>
  static void clear_member(void* record) {
    static_cast<T*>(record)->*D::pointer = MemberType<T, D>{};
  }
  template <class D>
  static constexpr JsonMember member() {
    return {D::name, &decode_member<D>, is_json_optional<MemberType<T, D>> ? &clear_member<D> : nullptr};
  }

  template <template <class...> class List, class... D>
  static bool decode_members(JsonValue json, T& value, JsonFailure& failure, List<D...>*) {
    static_assert(sizeof...(D) <= 64, "weir: a described struct has at most 64 members");
    if constexpr (sizeof...(D) == 0)
      return read_object(json, nullptr, 0, &value, failure);
    else {
      static constexpr JsonMember kMembers[] = {member<D>()...};
      return read_object(json, kMembers, sizeof...(D), &value, failure);
    }
  }

  template <class D>
  static bool encode_member(const T& value, JsonWriter& writer, char before) {
    writer.put(before);
    writer.name(D::name);
    return Json<MemberType<T, D>>::encode(value.*D::pointer, writer) || writer.failure().in_member(D::name);
  }
  template <template <class...> class List, class... D>
  static bool encode_members(const T& value, JsonWriter& writer, List<D...>*) {
    char before = '{';
    if constexpr (sizeof...(D) == 0) writer.put('{');
    const bool ok = ((encode_member<D>(value, writer, std::exchange(before, ','))) && ...);
    writer.put('}');
    return ok;
  }
};

template <class T>
  requires std::is_enum_v<T>
struct Json<T> {
  using Underlying = std::underlying_type_t<T>;
  static bool decode(JsonValue json, T& value, JsonFailure& failure) {
    if constexpr (DescribedEnum<T>) {
      return decode_name(json, value, failure,
                         static_cast<boost::describe::describe_enumerators<T>*>(nullptr));
    } else {
      Underlying number{};
      if (!Json<Underlying>::decode(json, number, failure)) return false;
      value = static_cast<T>(number);
      return true;
    }
  }
  static bool encode(T value, JsonWriter& writer) {
    if constexpr (DescribedEnum<T>) {
      return encode_name(value, writer, static_cast<boost::describe::describe_enumerators<T>*>(nullptr));
    } else {
      return Json<Underlying>::encode(static_cast<Underlying>(value), writer);
    }
  }

 private:
  template <template <class...> class List, class... D>
  static bool decode_name(JsonValue json, T& value, JsonFailure& failure, List<D...>*) {
    static constexpr JsonEnumerator kNames[] = {{D::name, static_cast<uint64_t>(D::value)}...};
    uint64_t bits = 0;
    if (!read_enumerator(json, kNames, sizeof...(D), bits, failure)) return false;
    value = static_cast<T>(bits);
    return true;
  }
  template <template <class...> class List, class... D>
  static bool encode_name(T value, JsonWriter& writer, List<D...>*) {
    const char* name = nullptr;
    (static_cast<void>(value == D::value ? name = D::name : nullptr), ...);
    if (name == nullptr) {
      return writer.failure().because(std::to_string(+static_cast<Underlying>(value)) +
                                      " is none of the enumerators' values");
    }
    writer.put('"');
    writer.raw(name);
    writer.put('"');
    return true;
  }
};

}  // namespace weir::detail
