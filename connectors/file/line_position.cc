#include "connectors/file/line_position.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace weir {

namespace {
bool take_field(std::string_view& text, std::string_view name, uint64_t& value) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  const std::from_chars_result end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end.ptr - text.data()));
  return true;
}
}  // namespace

std::string LinePosition::to_string() const {
  return absl::StrCat("line:", line, ",byte:", byte, end ? ",end" : "");
}

bool LinePosition::parse(std::string_view text) {
  LinePosition read;
  if (!take_field(text, "line:", read.line) || !take_field(text, ",byte:", read.byte)) return false;
  read.end = text == ",end";
  if (read.line == 0 || (!read.end && !text.empty())) return false;
  *this = read;
  return true;
}

}  // namespace weir
