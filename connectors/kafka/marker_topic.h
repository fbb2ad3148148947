#pragma once
// The topic that holds a job's markers in one cluster.

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/kafka/client.h"
#include "connectors/kafka/interruptible_call.h"
#include "connectors/kafka/marker.h"

namespace weir::kafka {

/// How far a reading of the markers must get.
enum class ReadUntil {
  /// What is committed now: does not wait for a transaction that is open (R30).
  kCommitted,
  /// The high watermark, transactions or not: after init_transactions all of them are finished (R22). One
  /// that
  /// hangs is an error, never "no marker".
  kEnd,
};

/// One thread. Every call blocks, in bounded time, and gives Cancelled soon after it is cancelled.
class MarkerTopic {
 public:
  /// `admin`: its name, brokers and properties are also those of the consumers that read.
  MarkerTopic(std::shared_ptr<Client> admin, KafkaProperties properties, const std::string& job,
              Cancelled cancelled);

  static std::string name_for(const std::string& job);
  const std::string& name() const { return name_; }

  /// `expected`: a "no" is asked for again before it is believed.
  absl::StatusOr<bool> exists(bool expected);
  /// OK when it exists already.
  absl::Status create();
  /// One partition, and a cleanup.policy of exactly "compact": any other may delete the last marker.
  absl::Status verify();
  /// The last marker; nothing: there is none.
  absl::StatusOr<std::optional<Marker>> read_last(ReadUntil until);

 private:
  struct Range {
    int64_t low = 0;
    int64_t high = 0;
  };
  absl::StatusOr<std::shared_ptr<Client>> consumer(const char* isolation) const;
  absl::StatusOr<Range> written_range();
  /// The last marker at or after `from`.
  absl::StatusOr<std::optional<Marker>> scan(int64_t from, int64_t high, ReadUntil until);
  absl::Status take(const rd_kafka_message_t& message, std::optional<Marker>& last) const;
  std::string where() const;

  std::shared_ptr<Client> admin_;
  KafkaProperties properties_;
  std::string name_;
  Cancelled cancelled_;
};

}  // namespace weir::kafka
