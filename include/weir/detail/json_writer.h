#pragma once
// Encoding that does not depend on the user's type.

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/detail/json_failure.h"

namespace weir::detail {

/// Appends JSON without spaces. Functions that can fail say why in failure() and give false.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void null() { out_.append("null", 4); }
  void boolean(bool flag) { flag ? out_.append("true", 4) : out_.append("false", 5); }
  void number(int64_t value);
  void number(uint64_t value);
  /// The shortest text that reads back as the same number; false for NaN and infinities.
  bool number(double value);
  bool number(float value);
  /// False unless it is UTF-8.
  bool string(std::string_view text);

  /// As they are.
  void put(char c) { out_.push_back(c); }
  void raw(std::string_view text) { out_.append(text); }
  /// "name": with the quotes and the colon; the name is a C++ identifier.
  void name(std::string_view identifier) {
    out_.push_back('"');
    out_.append(identifier);
    out_.append("\":", 2);
  }

  JsonFailure& failure() { return failure_; }

 private:
  std::string& out_;
  JsonFailure failure_;
};

}  // namespace weir::detail
