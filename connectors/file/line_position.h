#pragma once
// Where reading a file goes on: "line:123,byte:4567", at its end "line:123,byte:4567,end".

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

struct LinePosition {
  uint64_t line = 1;  ///< number of the next line
  uint64_t byte = 0;  ///< its offset in the uncompressed file
  bool end = false;   ///< everything has been read
  friend bool operator==(const LinePosition&, const LinePosition&) = default;

  std::string to_string() const;
  /// False, and *this unchanged, unless text is what to_string gives.
  bool parse(std::string_view text);
};

}  // namespace weir
