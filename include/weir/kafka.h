#pragma once
// Kafka topics as sources and sinks.
//
//   pipeline.from("trades", weir::kafka_source<Trade>({.brokers = "localhost:9092", .topic = "trades"}), {…})
//   bars.to("bars", weir::kafka_sink<Bar>({.brokers = "localhost:9092", .topic = "bars",
//                                          .key = [](const Bar& bar) { return bar.symbol; }}));
//
// `properties` passes any option through to librdkafka ("security.protocol", "sasl.password",
// "fetch.min.bytes" …); values of secrets are never printed. What Weir's guarantees rest on cannot be set (an
// error says so).

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weir/codec.h"
#include "weir/detail/decoded_source.h"
#include "weir/detail/encoded_sink.h"
#include "weir/detail/kafka_settings.h"
#include "weir/json.h"
#include "weir/sink.h"
#include "weir/source.h"

namespace weir {

template <class T>
struct KafkaSourceOptions {
  /// "host:port,host:port"
  std::string brokers = {};
  /// One topic, or several (then leave `topic` empty). They must exist.
  std::string topic = {};
  std::vector<std::string> topics = {};
  KafkaStart start = KafkaStart::earliest();
  /// True: ends, in each partition, at the end that was there when the job first started.
  bool bounded = false;
  /// Records a second over all partitions; 0: as fast as they are taken.
  double rate = 0;
  /// Tombstones can be read when T is a std::optional.
  Codec<T> codec = default_codec<T>();
  /// How often to look for new partitions, which are read from their beginning. 0: never.
  Duration discovery_interval{30'000};
  /// Consumer group in which offsets of completed checkpoints appear, for lag tools only. Empty: the job's
  /// name.
  std::string group = {};
  std::map<std::string, std::string> properties = {};
};

/// Reads committed records; each partition is a split. Kafka's timestamp is the record's time unless the
/// stream says otherwise. A position that the broker no longer has is an error: nothing is skipped.
template <class T>
Source<T> kafka_source(KafkaSourceOptions<T> options) {
  detail::KafkaSourceSettings settings;
  settings.brokers = std::move(options.brokers);
  settings.topics = std::move(options.topics);
  if (!options.topic.empty()) settings.topics.insert(settings.topics.begin(), std::move(options.topic));
  settings.start = std::move(options.start);
  settings.bounded = options.bounded;
  settings.rate = options.rate;
  settings.discovery_interval = options.discovery_interval;
  settings.group = std::move(options.group);
  settings.properties = std::move(options.properties);
  return detail::decoded_source<T>(detail::kafka_source_factory(std::move(settings)), options.codec);
}

template <class T>
struct KafkaSinkOptions {
  std::string brokers = {};
  /// Must exist.
  std::string topic = {};
  Codec<T> codec = default_codec<T>();
  /// The record's key; without it records have none. Called from several threads at once. Records with equal
  /// keys go to the partition that Kafka's Java producer would choose (murmur2).
  std::function<std::string(const T& record)> key = nullptr;
  /// kAtLeastOnce: no outbox, records are visible at once, a checkpoint waits until they are written; what
  /// followed the last checkpoint is written again after a failure.
  Delivery delivery = Delivery::kExactlyOnce;
  /// Of the segment files that hold an epoch's output until it is in Kafka.
  OutboxCompression compression = OutboxCompression::kLz4;
  /// Output of all workers that may wait for Kafka before the sink holds the pipeline back.
  uint64_t outbox_limit = uint64_t{1} << 30;
  /// 0: three times checkpoint interval plus checkpoint timeout, at most what the broker allows. Sinks of a
  /// job that write to the same cluster must have the same.
  Duration transaction_timeout{0};
  /// Sinks of a job that write to the same cluster must have the same.
  std::map<std::string, std::string> properties = {};
};

template <class T>
Sink<T> kafka_sink(KafkaSinkOptions<T> options) {
  detail::KafkaSinkSettings settings;
  settings.brokers = std::move(options.brokers);
  settings.topic = std::move(options.topic);
  settings.delivery = options.delivery;
  settings.compression = options.compression;
  settings.outbox_limit = options.outbox_limit;
  settings.transaction_timeout = options.transaction_timeout;
  settings.properties = std::move(options.properties);
  detail::KeyWriter<T> key;
  if (options.key != nullptr) {
    key = [make = std::move(options.key)](const T& record, std::string& bytes) { bytes += make(record); };
  }
  return detail::encoded_sink<T>(detail::kafka_sink_factory(std::move(settings)), options.codec,
                                 std::move(key));
}

}  // namespace weir
