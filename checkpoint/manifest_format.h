#pragma once
// Constants that the writer and the reader of manifests share. The layout is described in README.md of this
// folder.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::manifest_format {

/// Raised with every change that an older reader would misread.
inline constexpr int kVersion = 1;
inline constexpr std::string_view kFormat = "weir checkpoint";

/// The end of every manifest, of every version: XXH3-64 of all bytes before kChecksumMember.
inline constexpr std::string_view kChecksumMember = ",\n  \"checksum\": \"";
inline constexpr size_t kChecksumDigits = 16;
inline constexpr std::string_view kEnd = "\"\n}\n";

// Limits of what a reader believes.
inline constexpr uint64_t kMaxBytes = uint64_t{1} << 30;
inline constexpr uint64_t kMaxEpoch = uint64_t{1} << 62;
inline constexpr uint64_t kMaxFileBytes = uint64_t{1} << 62;
inline constexpr uint64_t kMaxWorkers = 65536;
inline constexpr uint64_t kMaxKeyGroups = 65536;
inline constexpr uint64_t kMaxLayout = 2;

inline constexpr std::string_view kMinusInfinity = "-infinity";
inline constexpr std::string_view kPlusInfinity = "+infinity";

}  // namespace weir::manifest_format
