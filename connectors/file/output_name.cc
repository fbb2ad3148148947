#include "connectors/file/output_name.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace weir {

namespace {

constexpr size_t kRunDigits = 8;
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

}  // namespace

std::string run_digits(std::string_view incarnation) {
  std::string digits(incarnation.substr(0, kRunDigits));
  digits.resize(kRunDigits, '0');
  return digits;
}

std::string output_name(std::string_view prefix, std::string_view run, uint64_t attempt, int worker,
                        uint64_t number, std::string_view suffix) {
  return absl::StrCat(view(prefix), "-", view(run), "-", attempt, "-", worker, "-",
                      absl::StrFormat("%06d", number), view(suffix));
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
  if (!take(rest, prefix) || !take(rest, "-") || rest.size() < kRunDigits) return std::nullopt;
  const std::string_view run = rest.substr(0, kRunDigits);
  rest.remove_prefix(kRunDigits);
  if (!std::all_of(run.begin(), run.end(), is_hex)) return std::nullopt;
  if (!take_number(rest) || !take_number(rest) || !take_number(rest) || !take(rest, ".")) return std::nullopt;
  return std::string(run);
}

}  // namespace weir
