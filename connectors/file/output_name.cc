#include "connectors/file/output_name.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weir {

namespace {

constexpr size_t kHexDigits = 8;
constexpr std::string_view kTemporarySuffix = ".tmp";

absl::string_view view(std::string_view text) { return {text.data(), text.size()}; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// "-" and at least one digit.
bool take_number(std::string_view& text) {
  if (!take(text, "-")) return false;
  const size_t digits =
      static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
  text.remove_prefix(digits);
  return digits > 0;
}

/// "-" and eight hexadecimal digits.
bool take_hex(std::string_view& text, std::string_view& digits) {
  if (!take(text, "-") || text.size() < kHexDigits) return false;
  digits = text.substr(0, kHexDigits);
  text.remove_prefix(kHexDigits);
  return std::all_of(digits.begin(), digits.end(), is_hex);
}

}  // namespace

std::string run_digits(std::string_view incarnation) {
  std::string digits(incarnation.substr(0, kHexDigits));
  digits.resize(kHexDigits, '0');
  return digits;
}

std::string OutputNames::name(uint64_t number) const {
  return absl::StrFormat("%s-%s-%d-%d-%08x-%06d%s", prefix, run, attempt, worker, drawn, number, suffix);
}

std::string temporary_name(std::string_view final_name) {
  return absl::StrCat(".", view(final_name), view(kTemporarySuffix));
}

std::optional<std::string> final_name(std::string_view temporary) {
  if (!take(temporary, ".") || !temporary.ends_with(kTemporarySuffix)) return std::nullopt;
  temporary.remove_suffix(kTemporarySuffix.size());
  return std::string(temporary);
}

std::optional<std::string> run_of(std::string_view final_name, std::string_view prefix) {
  std::string_view rest = final_name;
  std::string_view run;
  std::string_view drawn;
  const bool is_name = take(rest, prefix) && take_hex(rest, run) && take_number(rest) && take_number(rest) &&
                       take_hex(rest, drawn) && take_number(rest) && take(rest, ".");
  if (!is_name) return std::nullopt;
  return std::string(run);
}

}  // namespace weir
