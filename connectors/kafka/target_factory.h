#pragma once
// Finds the cluster behind a sink's brokers and makes the one deliverer of a job there.

#include <memory>
#include <mutex>
#include <string>

#include "connectors/kafka/topic_facts.h"
#include "runtime/base/outbox_quota.h"
#include "weir/detail/kafka_settings.h"
#include "weir/sink.h"

namespace weir::kafka {

/// Thread-safe.
class KafkaTargetFactory final : public TargetFactory {
 public:
  KafkaTargetFactory(std::shared_ptr<const detail::KafkaSinkSettings> settings,
                     std::shared_ptr<OutboxQuota> quota)
      : settings_(std::move(settings)), quota_(std::move(quota)) {}

  absl::StatusOr<std::string> identify() const override;
  std::string shared_options() const override;
  absl::StatusOr<std::unique_ptr<SinkTarget>> open(
      TargetContext context, absl::Span<const TargetFactory* const> sinks) const override;

 private:
  std::string name() const;

  std::shared_ptr<const detail::KafkaSinkSettings> settings_;
  std::shared_ptr<OutboxQuota> quota_;
};

}  // namespace weir::kafka
