#pragma once
// Fixes what delivery must not decide again: partition and time. And refuses what could never be sent.

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "connectors/kafka/topic_facts.h"
#include "weir/clock.h"
#include "weir/sink.h"

namespace weir::kafka {

/// The hash of Kafka's Java producer (org.apache.kafka.common.utils.Utils.murmur2).
uint32_t murmur2(std::string_view bytes);
/// The partition it chooses for a key.
int32_t partition_of_key(std::string_view key, int partitions);

/// One thread.
class RecordPlacement {
 public:
  /// `first`: where records without key begin, so that workers do not all begin with the same partition.
  RecordPlacement(std::string sink, std::string topic, TopicFacts facts, int first, const Clock& clock);

  /// InvalidArgument naming sink, size and limit.
  absl::Status check_size(const OutputRecord& record) const;
  int32_t partition(const OutputRecord& record);
  /// The record's time, or now for one that Kafka cannot say: it has no times before 1970-01-01T00:00:00.001.
  Timestamp time(const OutputRecord& record) const;

 private:
  /// Records without key stay with a partition for this many bytes, so that batches get large.
  static constexpr uint64_t kStickyBytes = 16 * 1024;

  std::string sink_;
  std::string topic_;
  TopicFacts facts_;
  const Clock& clock_;
  int32_t sticky_ = 0;
  uint64_t sticky_bytes_ = 0;
};

}  // namespace weir::kafka
