#pragma once
// The record, written last in the transaction of an epoch, that says the epoch is out.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "weir/epoch.h"

namespace weir::kafka {

/// The key of every marker: compaction keeps the last one.
inline constexpr std::string_view kMarkerKey = "weir";
inline constexpr int kMarkerVersion = 1;

struct Marker {
  std::string job;
  std::string incarnation;
  Epoch epoch;
  Cut cut;
  /// The instance that wrote it (TargetContext::instance).
  std::string owner;
  /// Output records of the epochs that came out with it.
  uint64_t records = 0;
  /// Raised by one whenever an instance takes over; markers increase strictly in (epoch, claim).
  uint64_t claim = 0;
  friend bool operator==(const Marker&, const Marker&) = default;

  std::string to_json() const;
  static absl::StatusOr<Marker> parse(std::string_view json);
  /// "epoch 7 (cut 0123…, claim 2, owner h-1)": for messages.
  std::string describe() const;
};

}  // namespace weir::kafka
