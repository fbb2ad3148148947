#include "weir/detail/json_value.h"

#include <simdjson.h>

#include <bit>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "weir/detail/json_failure.h"

namespace weir::detail {

namespace {

namespace dom = simdjson::dom;

// The handles of simdjson are a document and an index into its tape; ours have the same bytes.
template <class T>
T from_handle(JsonValue::Handle handle) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) == sizeof(JsonValue::Handle));
  return std::bit_cast<T>(handle);
}
template <class T>
JsonValue::Handle to_handle(T handle) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) == sizeof(JsonValue::Handle));
  return std::bit_cast<JsonValue::Handle>(handle);
}
dom::element element(const JsonValue& value) { return from_handle<dom::element>(value.handle()); }

}  // namespace

JsonKind JsonValue::kind() const {
  switch (element(*this).type()) {
    case dom::element_type::NULL_VALUE: return JsonKind::kNull;
    case dom::element_type::BOOL: return JsonKind::kBool;
    case dom::element_type::INT64: return JsonKind::kSigned;
    case dom::element_type::UINT64: return JsonKind::kUnsigned;
    case dom::element_type::DOUBLE: return JsonKind::kDouble;
    case dom::element_type::STRING: return JsonKind::kString;
    case dom::element_type::ARRAY: return JsonKind::kArray;
    case dom::element_type::OBJECT: return JsonKind::kObject;
    default: return JsonKind::kNull;
  }
}

std::string_view JsonValue::kind_name() const {
  switch (kind()) {
    case JsonKind::kNull: return "null";
    case JsonKind::kBool: return "boolean";
    case JsonKind::kSigned:
    case JsonKind::kUnsigned: return "integer";
    case JsonKind::kDouble: return "number";
    case JsonKind::kString: return "string";
    case JsonKind::kArray: return "array";
    case JsonKind::kObject: return "object";
  }
  return "nothing";
}

bool JsonValue::as_bool() const { return element(*this).get_bool().value_unsafe(); }
int64_t JsonValue::as_signed() const { return element(*this).get_int64().value_unsafe(); }
uint64_t JsonValue::as_unsigned() const { return element(*this).get_uint64().value_unsafe(); }
double JsonValue::as_double() const { return element(*this).get_double().value_unsafe(); }
std::string_view JsonValue::as_string() const { return element(*this).get_string().value_unsafe(); }
size_t JsonValue::array_size() const {
  size_t count = 0;
  JsonValue ignored;
  for (JsonElements elements(*this); elements.next(ignored);) ++count;
  return count;
}
bool JsonValue::find(std::string_view member, JsonValue& value) const {
  dom::element found;
  if (element(*this)[member].get(found) != simdjson::SUCCESS) return false;
  value = JsonValue(to_handle(found));
  return true;
}

JsonElements::JsonElements(JsonValue array) {
  const dom::array elements = element(array).get_array().value_unsafe();
  next_ = to_handle(elements.begin());
  end_ = to_handle(elements.end());
}
bool JsonElements::next(JsonValue& value) {
  auto at = from_handle<dom::array::iterator>(next_);
  if (!(at != from_handle<dom::array::iterator>(end_))) return false;
  value = JsonValue(to_handle(*at));
  next_ = to_handle(++at);
  return true;
}

JsonFields::JsonFields(JsonValue object) {
  const dom::object fields = element(object).get_object().value_unsafe();
  next_ = to_handle(fields.begin());
  end_ = to_handle(fields.end());
}
bool JsonFields::next(std::string_view& name, JsonValue& value) {
  auto at = from_handle<dom::object::iterator>(next_);
  if (!(at != from_handle<dom::object::iterator>(end_))) return false;
  name = at.key();
  value = JsonValue(to_handle(at.value()));
  next_ = to_handle(++at);
  return true;
}

bool parse_json(std::string_view bytes, JsonValue& root, JsonFailure& failure) {
  // Its buffers grow to the longest record and stay: no allocation a record.
  thread_local dom::parser parser;
  dom::element parsed;
  const simdjson::error_code error = parser.parse(bytes.data(), bytes.size()).get(parsed);
  if (error != simdjson::SUCCESS) {
    constexpr size_t kShown = 100;
    const absl::string_view shown(bytes.data(), std::min(bytes.size(), kShown));
    return failure.because(absl::StrCat("not JSON (", simdjson::error_message(error), "): ", shown,
                                        bytes.size() > kShown ? "…" : ""));
  }
  root = JsonValue(to_handle(parsed));
  return true;
}

}  // namespace weir::detail
