#include "weir/detail/json_read.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace weir::detail {

namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53: above it a double's integer may not be the one written

bool is_whole(double number) { return std::abs(number) <= kExact && std::trunc(number) == number; }

template <class Number, class Bound>
bool out_of_range(Number found, Bound min, Bound max, JsonFailure& failure) {
  return failure.because(absl::StrCat(found, " is out of range (", min, " to ", max, ")"));
}

}  // namespace

bool read_signed(JsonValue value, int64_t min, int64_t max, int64_t& number, JsonFailure& failure) {
  switch (value.kind()) {
    case JsonKind::kSigned: number = value.as_signed(); break;
    case JsonKind::kUnsigned: return out_of_range(value.as_unsigned(), min, max, failure);
    case JsonKind::kDouble:
      if (!is_whole(value.as_double())) {
        return failure.because(absl::StrCat("expected integer, found number ", value.as_double()));
      }
      number = static_cast<int64_t>(value.as_double());
      break;
    default: return failure.expected("integer", value);
  }
  return (number >= min && number <= max) || out_of_range(number, min, max, failure);
}

bool read_unsigned(JsonValue value, uint64_t max, uint64_t& number, JsonFailure& failure) {
  if (value.kind() == JsonKind::kUnsigned) {
    number = value.as_unsigned();
  } else {
    int64_t whole = 0;
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
    if (!read_signed(value, std::numeric_limits<int64_t>::min(), kMax, whole, failure)) return false;
    if (whole < 0) return out_of_range(whole, uint64_t{0}, max, failure);
    number = static_cast<uint64_t>(whole);
  }
  return number <= max || out_of_range(number, uint64_t{0}, max, failure);
}

bool read_double(JsonValue value, double& number, JsonFailure& failure) {
  switch (value.kind()) {
    case JsonKind::kDouble: number = value.as_double(); return true;
    case JsonKind::kSigned: number = static_cast<double>(value.as_signed()); return true;
    case JsonKind::kUnsigned: number = static_cast<double>(value.as_unsigned()); return true;
    default: return failure.expected("number", value);
  }
}

bool read_float(JsonValue value, float& number, JsonFailure& failure) {
  double wide = 0;
  if (!read_double(value, wide, failure)) return false;
  constexpr double kMax = std::numeric_limits<float>::max();
  if (std::abs(wide) > kMax) return out_of_range(wide, -kMax, kMax, failure);
  number = static_cast<float>(wide);
  return true;
}

bool read_bool(JsonValue value, bool& flag, JsonFailure& failure) {
  if (value.kind() != JsonKind::kBool) return failure.expected("boolean", value);
  flag = value.as_bool();
  return true;
}

bool read_string(JsonValue value, std::string& text, JsonFailure& failure) {
  if (value.kind() != JsonKind::kString) return failure.expected("string", value);
  text = value.as_string();
  return true;
}

bool read_tuple_size(JsonValue value, size_t size, JsonFailure& failure) {
  if (value.kind() != JsonKind::kArray) return failure.expected("array", value);
  const size_t found = value.array_size();
  if (found == size) return true;
  return failure.because(absl::StrCat("expected an array of ", size, " elements, found ", found));
}

bool read_object(JsonValue value, const JsonMember* members, size_t count, void* record,
                 JsonFailure& failure) {
  if (value.kind() != JsonKind::kObject) return failure.expected("object", value);
  uint64_t seen = 0;
  size_t expected = 0;  // members mostly come in the order of the description
  std::string_view name;
  JsonValue field;
  for (JsonFields fields(value); fields.next(name, field);) {
    size_t at = expected;
    size_t tried = 0;
    while (tried < count && members[at].name != name) {
      ++tried;
      at = at + 1 == count ? 0 : at + 1;
    }
    if (tried == count) continue;
    if (!members[at].decode(field, record, failure)) return failure.in_member(name);
    seen |= uint64_t{1} << at;
    expected = at + 1 == count ? 0 : at + 1;
  }
  for (size_t i = 0; i < count; ++i) {
    if ((seen >> i & 1) != 0) continue;
    if (members[i].clear == nullptr) return failure.missing(members[i].name);
    members[i].clear(record);
  }
  return true;
}

bool read_enumerator(JsonValue value, const JsonEnumerator* names, size_t count, uint64_t& bits,
                     JsonFailure& failure) {
  if (value.kind() != JsonKind::kString) return failure.expected("string", value);
  const std::string_view text = value.as_string();
  std::string known;
  for (size_t i = 0; i < count; ++i) {
    if (names[i].name == text) {
      bits = names[i].bits;
      return true;
    }
  }
  for (size_t i = 0; i < count; ++i) known.append(i > 0 ? ", " : "").append(names[i].name);
  return failure.because(
      absl::StrCat("expected one of ", known, ", found ", absl::string_view(text.data(), text.size())));
}

}  // namespace weir::detail
