#pragma once
// Decoding that does not depend on the user's type: compiled once (connectors/json/json_read.cc).

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/detail/json_failure.h"
#include "weir/detail/json_value.h"

namespace weir::detail {

/// Integers, and numbers with a fraction of zero (1.0, 1e3) up to 2^53.
bool read_signed(JsonValue value, int64_t min, int64_t max, int64_t& number, JsonFailure& failure);
bool read_unsigned(JsonValue value, uint64_t max, uint64_t& number, JsonFailure& failure);
bool read_double(JsonValue value, double& number, JsonFailure& failure);
bool read_float(JsonValue value, float& number, JsonFailure& failure);
bool read_bool(JsonValue value, bool& flag, JsonFailure& failure);
bool read_string(JsonValue value, std::string& text, JsonFailure& failure);
/// An array of this many elements.
bool read_tuple_size(JsonValue value, size_t size, JsonFailure& failure);

/// A member of a described struct, its type erased.
struct JsonMember {
  std::string_view name;
  bool (*decode)(JsonValue value, void* record, JsonFailure& failure);
  /// What to do when the object lacks it; null: that is an error.
  void (*clear)(void* record);
};
/// Members in any order; the last of equal names counts; unknown ones are ignored. At most 64 members.
bool read_object(JsonValue value, const JsonMember* members, size_t count, void* record,
                 JsonFailure& failure);

struct JsonEnumerator {
  std::string_view name;
  uint64_t bits;
};
bool read_enumerator(JsonValue value, const JsonEnumerator* names, size_t count, uint64_t& bits,
                     JsonFailure& failure);

}  // namespace weir::detail
