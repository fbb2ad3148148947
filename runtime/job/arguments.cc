#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "weir/run_main.h"

namespace weir {

namespace {

[[noreturn]] void refuse(std::string_view name, const std::string& text, const char* expected) {
  throw std::invalid_argument(
      absl::StrCat("flag --", std::string(name), ": expected ", expected, ", got \"", text, "\""));
}

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool parse_duration(std::string_view text, Duration& duration) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return false;
  const std::string_view unit(end, text.data() + text.size() - end);
  int64_t factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s") factor = 1000;
  if (unit == "min") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  if (unit == "d") factor = 86'400'000;
  int64_t millis = 0;
  if (factor == 0 || __builtin_mul_overflow(count, factor, &millis)) return false;
  duration = Duration{millis};
  return true;
}

const std::string* Arguments::find(std::string_view name, std::string otherwise, std::string_view help) {
  asked_.push_back({std::string(name), std::move(otherwise), std::string(help)});
  const auto found = given_.find(std::string(name));
  return found == given_.end() ? nullptr : &found->second;
}

std::string Arguments::get(std::string_view name, std::string_view otherwise, std::string_view help) {
  const std::string* text = find(name, std::string(otherwise), help);
  return text == nullptr ? std::string(otherwise) : *text;
}

int64_t Arguments::get(std::string_view name, int64_t otherwise, std::string_view help) {
  const std::string* text = find(name, absl::StrCat(otherwise), help);
  if (text == nullptr) return otherwise;
  int64_t number = 0;
  if (!parse_number(*text, number)) refuse(name, *text, "a whole number");
  return number;
}

double Arguments::get(std::string_view name, double otherwise, std::string_view help) {
  const std::string* text = find(name, absl::StrCat(otherwise), help);
  if (text == nullptr) return otherwise;
  double number = 0;
  if (!parse_number(*text, number)) refuse(name, *text, "a number");
  return number;
}

bool Arguments::get(std::string_view name, bool otherwise, std::string_view help) {
  const std::string* text = find(name, otherwise ? "true" : "false", help);
  if (text == nullptr) return otherwise;
  if (text->empty() || *text == "true") return true;
  if (*text != "false") refuse(name, *text, "true or false");
  return false;
}

Duration Arguments::get(std::string_view name, Duration otherwise, std::string_view help) {
  const std::string* text = find(name, absl::StrCat(otherwise.count(), "ms"), help);
  if (text == nullptr) return otherwise;
  Duration duration{};
  if (!parse_duration(*text, duration))
    refuse(name, *text, "a length of time such as 250ms, 5s, 1min, 2h or 1d");
  return duration;
}

std::vector<std::string> Arguments::unknown() const {
  std::vector<std::string> names;
  for (const auto& [name, text] : given_) {
    const bool asked =
        std::any_of(asked_.begin(), asked_.end(), [&](const Flag& flag) { return flag.name == name; });
    if (!asked) names.push_back(name);
  }
  return names;
}

}  // namespace weir
