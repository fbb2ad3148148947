#pragma once
// Constants of segment files, shared by writer and reader. The layout is in outbox.md; a golden file pins it.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::outbox_format {

inline constexpr std::string_view kMagic = "WEIR-OBX";
inline constexpr uint16_t kVersion = 1;
inline constexpr std::string_view kFileSuffix = ".seg";

enum class Compression : uint8_t { kNone = 0, kLz4 = 1 };

/// Magic, version, compression, zero, length of the target's identity.
inline constexpr size_t kFixedHeaderBytes = 8 + 2 + 1 + 1 + 4;
inline constexpr uint32_t kMaxTargetBytes = 4096;

/// Stored size, raw size, number of records, checksum.
inline constexpr size_t kFrameHeaderBytes = 4 + 4 + 4 + 8;
inline constexpr size_t kFrameSizesBytes = 12;
/// XXH3-64 of the stored bytes, seeded with the XXH3-64 of the three sizes.
uint64_t frame_checksum(std::string_view sizes, std::string_view stored);

/// The writer ends a frame once it holds this much.
inline constexpr size_t kFrameTargetBytes = 64 * 1024;
/// No frame is larger, stored or raw; so neither is a record.
inline constexpr uint32_t kMaxFrameBytes = 128 * 1024 * 1024;
inline constexpr size_t kMaxHeadersPerRecord = 1000;

inline constexpr uint8_t kHasKey = 1;
inline constexpr uint8_t kHasValue = 2;

}  // namespace weir::outbox_format
