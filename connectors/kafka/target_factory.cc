#include "connectors/kafka/target_factory.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "connectors/kafka/cluster.h"
#include "connectors/kafka/kafka_target.h"
#include "connectors/kafka/properties.h"
#include "weir/detail/check.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

std::string KafkaTargetFactory::name() const { return absl::StrCat("kafka topic ", settings_->topic); }

absl::StatusOr<std::string> KafkaTargetFactory::identify() const {
  WEIR_ASSIGN_OR_RETURN(const auto client,
                        create_admin_client(name(), settings_->brokers, settings_->properties));
  WEIR_ASSIGN_OR_RETURN(const std::string id, cluster_id(client, nullptr));
  return target_identity(id);
}

std::string KafkaTargetFactory::shared_options() const {
  return absl::StrCat("transaction_timeout=", settings_->transaction_timeout.count(), " ",
                      kafka::describe(settings_->properties));
}

absl::StatusOr<std::unique_ptr<SinkTarget>> KafkaTargetFactory::open(
    TargetContext context, absl::Span<const TargetFactory* const> sinks) const {
  KafkaTargetSettings settings;
  settings.brokers = settings_->brokers;
  settings.properties = settings_->properties;
  settings.transaction_timeout = settings_->transaction_timeout;
  bool first = true;
  for (const TargetFactory* sink : sinks) {
    const auto* factory = dynamic_cast<const KafkaTargetFactory*>(sink);
    WEIR_CHECK(factory != nullptr);
    WEIR_ASSIGN_OR_RETURN(const TopicFacts facts, ask_topic_facts(factory->name(), *factory->settings_));
    settings.topics.push_back(factory->settings_->topic);
    settings.quotas.push_back(factory->quota_);
    settings.cluster_id = facts.cluster_id;
    settings.smallest_message_limit =
        first ? facts.message_limit : std::min(settings.smallest_message_limit, facts.message_limit);
    settings.largest_message_limit =
        first ? facts.message_limit : std::max(settings.largest_message_limit, facts.message_limit);
    first = false;
  }
  WEIR_CHECK(!first);
  return std::make_unique<KafkaTarget>(std::move(context), std::move(settings));
}

}  // namespace weir::kafka
