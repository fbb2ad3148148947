#include <utility>

#include "absl/strings/str_cat.h"
#include "connectors/kafka/direct_sink_writer.h"
#include "connectors/kafka/outbox_sink_writer.h"
#include "connectors/kafka/properties.h"
#include "connectors/kafka/sink_options.h"
#include "connectors/kafka/target_factory.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

const PropertyList& fixed_sink_properties(Delivery delivery) {
  static const auto* const at_least_once =
      new PropertyList{{"enable.idempotence", "true"}, {"acks", "all"}, {"request.required.acks", "all"}};
  static const auto* const exactly_once =
      new PropertyList{{"enable.idempotence", "true"},
                       {"acks", "all"},
                       {"request.required.acks", "all"},
                       {"transactional.id", "weir.<job>.<cluster id>"},
                       {"transaction.timeout.ms", "what .transaction_timeout says"},
                       {"message.timeout.ms", "the transaction's timeout"},
                       {"delivery.timeout.ms", "the transaction's timeout"},
                       {"isolation.level", "read_committed"}};
  return delivery == Delivery::kExactlyOnce ? *exactly_once : *at_least_once;
}

namespace {

class KafkaSinkFactory final : public RawSinkFactory {
 public:
  explicit KafkaSinkFactory(detail::KafkaSinkSettings settings)
      : settings_(std::make_shared<const detail::KafkaSinkSettings>(std::move(settings))),
        quota_(std::make_shared<OutboxQuota>(settings_->outbox_limit)),
        target_(std::make_shared<KafkaTargetFactory>(settings_, quota_)) {}

  std::string describe() const override { return absl::StrCat("kafka topic ", settings_->topic); }

  absl::Status check() const override {
    if (absl::Status status = check_settings(); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(describe(), ": ", status.message()));
    }
    return absl::OkStatus();
  }

  std::unique_ptr<RawWriter> make() const override {
    if (settings_->delivery == Delivery::kAtLeastOnce) {
      return std::make_unique<DirectSinkWriter>(settings_, facts_);
    }
    return std::make_unique<OutboxSinkWriter>(settings_, facts_, quota_);
  }

  std::shared_ptr<const TargetFactory> target() const override {
    if (settings_->delivery == Delivery::kAtLeastOnce) return nullptr;
    return target_;
  }

 private:
  absl::Status check_settings() const {
    const auto& s = *settings_;
    if (s.brokers.empty()) return absl::InvalidArgumentError("no brokers; set .brokers to host:port");
    if (s.topic.empty()) return absl::InvalidArgumentError("no topic; set .topic");
    if (s.outbox_limit == 0) return absl::InvalidArgumentError("an .outbox_limit of 0 lets nothing through");
    if (s.transaction_timeout != Duration{0} && s.transaction_timeout < Duration{1000}) {
      return absl::InvalidArgumentError("a .transaction_timeout below 1 s; 0 computes it");
    }
    WEIR_RETURN_IF_ERROR(check_not_fixed(s.properties, fixed_sink_properties(s.delivery)));
    return check_known(s.properties);
  }

  std::shared_ptr<const detail::KafkaSinkSettings> settings_;
  std::shared_ptr<SharedTopicFacts> facts_ = std::make_shared<SharedTopicFacts>();
  std::shared_ptr<OutboxQuota> quota_;
  std::shared_ptr<KafkaTargetFactory> target_;
};

}  // namespace
}  // namespace weir::kafka

namespace weir::detail {

std::shared_ptr<const RawSinkFactory> kafka_sink_factory(KafkaSinkSettings settings) {
  return std::make_shared<kafka::KafkaSinkFactory>(std::move(settings));
}

}  // namespace weir::detail
