#include "connectors/kafka/start_offsets.h"

#include "absl/strings/str_cat.h"
#include "connectors/kafka/cluster.h"
#include "connectors/kafka/errors.h"
#include "connectors/kafka/partition_position.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

namespace {
constexpr int kTimeoutMs = static_cast<int>(kClusterTimeout.count());
}

absl::StatusOr<OffsetRange> readable_range(const Client& client, const std::string& topic,
                                           int32_t partition) {
  OffsetRange range;
  const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition,
                                                                     &range.low, &range.high, kTimeoutMs);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return range;
  return error_status(error, absl::StrCat(client.name(), ": cannot ask for the offsets of topic '", topic,
                                          "' partition ", partition, " at ", client.brokers()));
}

absl::Status out_of_range(const std::string& source, const std::string& topic, int32_t partition,
                          int64_t wanted, OffsetRange range) {
  return absl::OutOfRangeError(absl::StrCat(
      source, ": topic '", topic, "' partition ", partition, ": offset ", wanted,
      " is not there; the broker has ", range.low, " to ", range.high,
      wanted < range.low
          ? ". Older records were deleted (retention) before they were read: going on would skip "
          : ". The topic was created anew or lost records: going on would skip or repeat ",
      "records. Start from a checkpoint that fits the topic, or begin a new job directory"));
}

absl::StatusOr<int64_t> start_offset(const Client& client, const KafkaStart& start, const std::string& topic,
                                     int32_t partition, OffsetRange range) {
  switch (start.kind()) {
    case KafkaStart::Kind::kEarliest: return range.low;
    case KafkaStart::Kind::kLatest: return range.high;
    case KafkaStart::Kind::kOffsets: {
      const auto at = start.offsets().find(partition);
      if (at == start.offsets().end()) {
        return absl::InvalidArgumentError(
            absl::StrCat(client.name(), ": topic '", topic, "' has a partition ", partition,
                         " for which KafkaStart::offsets names no offset; name one for each partition"));
      }
      if (at->second < range.low || at->second > range.high) {
        return out_of_range(client.name(), topic, partition, at->second, range);
      }
      return at->second;
    }
    case KafkaStart::Kind::kTimestamp: break;
  }
  const PartitionsPtr asked(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_t* entry =
      rd_kafka_topic_partition_list_add(asked.get(), topic.c_str(), partition);
  entry->offset = to_millis(start.time());
  rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(client.get(), asked.get(), kTimeoutMs);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) error = entry->err;
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return error_status(error, absl::StrCat(client.name(), ": cannot find the offset of a time in topic '",
                                            topic, "' partition ", partition));
  }
  // Negative: no record is that late.
  return entry->offset < 0 ? range.high : entry->offset;
}

}  // namespace weir::kafka
