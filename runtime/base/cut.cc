#include <sys/random.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_format.h"
#include "weir/epoch.h"

namespace weir {

namespace {

/// The value of 16 lower-case hexadecimal digits; false for anything else.
bool parse_half(std::string_view digits, uint64_t& value) {
  uint64_t parsed = 0;
  for (const char c : digits) {
    if (c >= '0' && c <= '9') {
      parsed = parsed << 4 | static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      parsed = parsed << 4 | static_cast<uint64_t>(c - 'a' + 10);
    } else {
      return false;
    }
  }
  value = parsed;
  return true;
}

}  // namespace

Cut Cut::draw() {
  Cut cut;
  // Up to 256 bytes come whole or not at all; only the pool of a machine that is still booting can interrupt
  // it.
  while (getrandom(&cut, sizeof cut, 0) != static_cast<ssize_t>(sizeof cut)) {
    if (errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "cannot read the system's random source");
  }
  return cut;
}

std::string Cut::to_string() const { return absl::StrFormat("%016x%016x", high, low); }

bool Cut::parse(std::string_view text) {
  Cut parsed;
  if (text.size() != 32 || !parse_half(text.substr(0, 16), parsed.high) ||
      !parse_half(text.substr(16), parsed.low)) {
    return false;
  }
  *this = parsed;
  return true;
}

}  // namespace weir
