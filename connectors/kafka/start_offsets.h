#pragma once
// Where a source begins in each of its partitions.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/kafka/client.h"
#include "weir/detail/kafka_settings.h"

namespace weir::kafka {

/// Offsets that can be read: [low, high). high: the end of what is committed (last stable offset).
struct OffsetRange {
  int64_t low = 0;
  int64_t high = 0;
};

/// Blocks, at most 10 s.
absl::StatusOr<OffsetRange> readable_range(const Client& client, const std::string& topic, int32_t partition);

/// Names topic, partition, what was wanted and what there is, and what can be done.
absl::Status out_of_range(const std::string& source, const std::string& topic, int32_t partition,
                          int64_t wanted, OffsetRange range);

/// The first offset to read at the first start of a job, always a number. Blocks, at most 10 s.
absl::StatusOr<int64_t> start_offset(const Client& client, const KafkaStart& start, const std::string& topic,
                                     int32_t partition, OffsetRange range);

}  // namespace weir::kafka
