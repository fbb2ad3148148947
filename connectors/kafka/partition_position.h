#pragma once
// Names of splits and positions in them, as the manifest holds them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace weir::kafka {

/// "trades/3"
std::string split_name(std::string_view topic, int32_t partition);

/// "1042": the next offset to read; "1042..2000" in a bounded source: and where it ends (exclusive), so that
/// a restart does not move the end.
struct PartitionPosition {
  int64_t next = 0;
  std::optional<int64_t> end;

  std::string to_string() const;
  /// InvalidArgument quoting the text.
  static absl::StatusOr<PartitionPosition> parse(std::string_view text);
};

}  // namespace weir::kafka
