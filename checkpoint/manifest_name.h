#pragma once
// "manifest-00000000000000000042.json": twenty digits, so that names sort as numbers do.

#include <optional>
#include <string>
#include <string_view>

#include "weir/epoch.h"

namespace weir {

inline constexpr std::string_view kTemporarySuffix = ".tmp";

std::string manifest_name(Epoch epoch);

/// What a name in the directory says.
struct ManifestName {
  Epoch epoch;
  bool temporary = false;
};
/// Nothing for every other name.
std::optional<ManifestName> parse_manifest_name(std::string_view name);

}  // namespace weir
