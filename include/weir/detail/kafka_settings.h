#pragma once
// The options of kafka.h without the user's types: what the compiled connector gets.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "weir/sink.h"
#include "weir/source.h"
#include "weir/time.h"

namespace weir {

enum class Delivery { kExactlyOnce, kAtLeastOnce };
enum class OutboxCompression { kNone, kLz4 };

/// Where reading starts at the first start of a job; afterwards the checkpoint says.
class KafkaStart {
 public:
  enum class Kind { kEarliest, kLatest, kTimestamp, kOffsets };

  /// At the oldest record.
  static KafkaStart earliest() { return KafkaStart(Kind::kEarliest); }
  /// With what is written from now on.
  static KafkaStart latest() { return KafkaStart(Kind::kLatest); }
  /// At the first record of each partition with this Kafka timestamp or a later one; without any, at the end.
  static KafkaStart timestamp(Timestamp time) {
    KafkaStart start(Kind::kTimestamp);
    start.time_ = time;
    return start;
  }
  /// By partition of the one topic; every partition must be named.
  static KafkaStart offsets(std::map<int32_t, int64_t> offsets) {
    KafkaStart start(Kind::kOffsets);
    start.offsets_ = std::move(offsets);
    return start;
  }

  Kind kind() const { return kind_; }
  Timestamp time() const { return time_; }
  const std::map<int32_t, int64_t>& offsets() const { return offsets_; }

 private:
  explicit KafkaStart(Kind kind) : kind_(kind) {}
  Kind kind_;
  Timestamp time_{};
  std::map<int32_t, int64_t> offsets_;
};

namespace detail {

/// librdkafka's configuration properties.
using KafkaProperties = std::map<std::string, std::string>;

struct KafkaSourceSettings {
  std::string brokers;
  std::vector<std::string> topics;
  KafkaStart start = KafkaStart::earliest();
  bool bounded = false;
  double rate = 0;
  Duration discovery_interval{30'000};
  std::string group;
  KafkaProperties properties;
};

struct KafkaSinkSettings {
  std::string brokers;
  std::string topic;
  Delivery delivery = Delivery::kExactlyOnce;
  OutboxCompression compression = OutboxCompression::kLz4;
  uint64_t outbox_limit = uint64_t{1} << 30;
  Duration transaction_timeout{0};
  KafkaProperties properties;
};

std::shared_ptr<const RawSourceFactory> kafka_source_factory(KafkaSourceSettings settings);
std::shared_ptr<const RawSinkFactory> kafka_sink_factory(KafkaSinkSettings settings);

}  // namespace detail
}  // namespace weir
