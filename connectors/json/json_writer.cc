#include "weir/detail/json_writer.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>

namespace weir::detail {

namespace {

template <class Number>
void append_number(std::string& out, Number value) {
  char buffer[40];
  const std::to_chars_result end = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end.ptr);
}

/// Readers take digits alone for an integer, which is too large from 2^63 on and has no negative zero.
template <class Float>
void append_real(std::string& out, Float value) {
  constexpr Float kIntegers = 9223372036854775808.0;
  const size_t before = out.size();
  append_number(out, value);
  const bool is_integer_elsewhere = std::abs(value) >= kIntegers || (value == 0 && std::signbit(value));
  if (is_integer_elsewhere && out.find_first_of(".e", before) == std::string::npos) out.append(".0", 2);
}

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escaped(std::string& out, char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"': out.append("\\\"", 2); return;
    case '\\': out.append("\\\\", 2); return;
    case '\b': out.append("\\b", 2); return;
    case '\f': out.append("\\f", 2); return;
    case '\n': out.append("\\n", 2); return;
    case '\r': out.append("\\r", 2); return;
    case '\t': out.append("\\t", 2); return;
    default: break;
  }
  out.append("\\u00", 4);
  out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
  out.push_back(kDigits[c & 15]);
}

}  // namespace

void JsonWriter::number(int64_t value) { append_number(out_, value); }
void JsonWriter::number(uint64_t value) { append_number(out_, value); }

bool JsonWriter::number(double value) {
  if (!std::isfinite(value))
    return failure_.because(std::isnan(value) ? "NaN has no JSON" : "infinity has no JSON");
  append_real(out_, value);
  return true;
}
bool JsonWriter::number(float value) {
  if (!std::isfinite(value)) return number(static_cast<double>(value));
  append_real(out_, value);
  return true;
}

bool JsonWriter::string(std::string_view text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) return failure_.because("the string is not UTF-8");
  out_.push_back('"');
  size_t done = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out_.append(text, done, i - done);
    append_escaped(out_, text[i]);
    done = i + 1;
  }
  out_.append(text, done);
  out_.push_back('"');
  return true;
}

}  // namespace weir::detail
