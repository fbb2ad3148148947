#pragma once
// A parsed JSON document, seen through small handles. The parser is behind them (connectors/json).

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::detail {

class JsonFailure;

enum class JsonKind : uint8_t { kNull, kBool, kSigned, kUnsigned, kDouble, kString, kArray, kObject };

/// A position in the document that this thread parsed last; dangles after its next parse_json. The as_…
/// functions want the kind they name.
class JsonValue {
 public:
  JsonKind kind() const;
  /// "null", "boolean", "integer", "number", "string", "array", "object": for messages.
  std::string_view kind_name() const;

  bool as_bool() const;
  int64_t as_signed() const;
  uint64_t as_unsigned() const;
  double as_double() const;
  /// Unescaped; a view into the document.
  std::string_view as_string() const;
  size_t array_size() const;
  /// The first such member of an object; false if there is none.
  bool find(std::string_view member, JsonValue& value) const;

  /// The parser's own handle.
  struct Handle {
    const void* document = nullptr;
    uint64_t index = 0;
  };
  JsonValue() = default;
  explicit JsonValue(Handle handle) : handle_(handle) {}
  Handle handle() const { return handle_; }

 private:
  Handle handle_;
};

/// for (JsonElements elements(array); elements.next(value);)
class JsonElements {
 public:
  explicit JsonElements(JsonValue array);
  bool next(JsonValue& element);

 private:
  JsonValue::Handle next_;
  JsonValue::Handle end_;
};

/// for (JsonFields fields(object); fields.next(name, value);)
class JsonFields {
 public:
  explicit JsonFields(JsonValue object);
  bool next(std::string_view& name, JsonValue& value);

 private:
  JsonValue::Handle next_;
  JsonValue::Handle end_;
};

/// Strict JSON, UTF-8, any kind at the top, nested up to 1024 deep. One document a thread: the former one is
/// gone.
bool parse_json(std::string_view bytes, JsonValue& root, JsonFailure& failure);

}  // namespace weir::detail
