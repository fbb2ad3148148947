#pragma once
// What a sink has to know of its topic before it can fix a record's partition and accept its size.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "connectors/kafka/client.h"
#include "weir/detail/kafka_settings.h"

namespace weir::kafka {

struct TopicFacts {
  std::string cluster_id;
  int partitions = 0;
  /// Bytes of the largest batch the topic takes (max.message.bytes).
  int64_t message_limit = 1'000'000;
};

/// What a broker takes when it does not tell.
inline constexpr int64_t kDefaultMessageLimit = 1'000'000;
/// What a batch of one record has around key and value; generous.
inline constexpr int64_t kRecordOverhead = 256;

/// Blocks, in bounded time. NotFound when the topic does not exist.
absl::StatusOr<TopicFacts> ask_topic_facts(const std::string& name,
                                           const detail::KafkaSinkSettings& settings);

/// One answer for all writers of an attempt. Thread-safe.
class SharedTopicFacts {
 public:
  absl::StatusOr<TopicFacts> get(uint64_t attempt, const std::string& name,
                                 const detail::KafkaSinkSettings& settings);

 private:
  std::mutex mutex_;
  std::optional<uint64_t> attempt_;
  TopicFacts facts_;
};

}  // namespace weir::kafka
