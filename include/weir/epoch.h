#pragma once
// The identity of a checkpoint.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// The number of a checkpoint; also the data between two barriers. Never used twice in a directory.
struct Epoch {
  uint64_t number = 0;
  friend auto operator<=>(const Epoch&, const Epoch&) = default;
};

/// 128 random bits drawn when an epoch's barrier starts and copied unchanged into manifest and marker: the
/// epoch's identity. Numbers alone never decide.
struct Cut {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const Cut&, const Cut&) = default;

  /// From the operating system's random source.
  static Cut draw();
  /// 32 lower-case hexadecimal digits.
  std::string to_string() const;
  /// False, and *this unchanged, unless text is what to_string gives.
  bool parse(std::string_view text);
};

}  // namespace weir
