#pragma once
// The deliverer: makes decided epochs visible in one Kafka cluster, once. What each rule of the protocol
// became is in README.md.
//
// Invariants: 1. The marker is the last record of its transaction, and the epochs it covers are in the same
// one. 2. A handle that was in doubt sends nothing more. 3. What the broker did is never concluded from an
// error, only read from the markers. 4. A segment that does not verify is refused, never taken for empty.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connectors/kafka/client.h"
#include "connectors/kafka/marker.h"
#include "connectors/kafka/marker_check.h"
#include "connectors/kafka/marker_topic.h"
#include "connectors/kafka/transactional_producer.h"
#include "runtime/base/file_system.h"
#include "runtime/base/outbox_quota.h"
#include "weir/sink.h"

namespace weir::kafka {

/// "kafka:<cluster id>"
std::string target_identity(std::string_view cluster_id);

struct KafkaTargetSettings {
  std::string brokers;
  std::string cluster_id;
  KafkaProperties properties;
  /// 0: computed.
  Duration transaction_timeout{0};
  /// Of the sinks.
  std::vector<std::string> topics;
  std::vector<std::shared_ptr<OutboxQuota>> quotas;
  int64_t smallest_message_limit = 1'000'000;
  int64_t largest_message_limit = 1'000'000;
};

/// Errors: FailedPrecondition, DataLoss, InvalidArgument and PermissionDenied will be the same at the next
/// attempt; others may not.
class KafkaTarget final : public SinkTarget {
 public:
  KafkaTarget(TargetContext context, KafkaTargetSettings settings);
  ~KafkaTarget() override;

  absl::StatusOr<size_t> recover(const TargetProgress& progress, bool first_start) override;
  absl::StatusOr<bool> commit(absl::Span<const EpochOutput> epochs) override;
  void discard(absl::Span<const Segment> segments) override;
  absl::Status clean(absl::Span<const Segment> listed) override;

 private:
  absl::Status check_job_name() const;
  absl::Status connect();
  absl::StatusOr<Duration> transaction_timeout();
  /// R30, and what to do about a topic that is not there.
  absl::Status look_first(const TargetProgress& progress, bool first_start);
  absl::StatusOr<size_t> check(const TargetProgress& progress, bool first_start,
                               const std::optional<Marker>& marker) const;
  /// R23: the current marker again, with this instance as owner.
  absl::Status claim(Marker marker);
  /// A new handle that has fenced all others.
  absl::Status open_producer();
  /// R19: a new handle in place of one in doubt, unless another instance has taken over meanwhile.
  absl::Status renew_producer();
  absl::Status check_still_ours(const std::optional<Marker>& marker) const;

  absl::Status deliver(absl::Span<const EpochOutput> epochs, const Marker& marker);
  absl::Status send_segment(const Segment& segment);
  absl::Status send_marker(const Marker& marker);
  /// Forgets what was sent, and says who is to blame when the handle was fenced (R23).
  absl::Status after_failure(absl::Status status);

  TargetContext context_;
  KafkaTargetSettings settings_;
  FileSystem& files_;
  std::string name_;
  std::shared_ptr<Client> admin_;
  std::unique_ptr<MarkerTopic> markers_;
  std::optional<ProducerSettings> producer_settings_;
  bool recovered_ = false;
  /// Null: in doubt, or not yet.
  std::unique_ptr<TransactionalProducer> producer_;
  /// The last one in the topic, as far as this instance knows.
  std::optional<Marker> marker_;
};

}  // namespace weir::kafka
