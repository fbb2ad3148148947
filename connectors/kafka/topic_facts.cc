#include "connectors/kafka/topic_facts.h"

#include "absl/strings/numbers.h"
#include "connectors/kafka/cluster.h"
#include "runtime/base/log.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

absl::StatusOr<TopicFacts> ask_topic_facts(const std::string& name,
                                           const detail::KafkaSinkSettings& settings) {
  TopicFacts facts;
  WEIR_ASSIGN_OR_RETURN(const auto client, create_admin_client(name, settings.brokers, settings.properties));
  WEIR_ASSIGN_OR_RETURN(facts.cluster_id, cluster_id(client, nullptr));
  WEIR_ASSIGN_OR_RETURN(facts.partitions, partition_count(client, settings.topic, nullptr));
  const absl::StatusOr<Configuration> configuration = topic_configuration(client, settings.topic, nullptr);
  if (!configuration.ok()) {
    // Reading the configuration takes a permission that writing does not.
    log()->warn("{}; records of topic '{}' may have {} bytes", std::string(configuration.status().message()),
                settings.topic, kDefaultMessageLimit);
    return facts;
  }
  const auto limit = configuration->find("max.message.bytes");
  if (limit == configuration->end() || !absl::SimpleAtoi(limit->second, &facts.message_limit)) {
    facts.message_limit = kDefaultMessageLimit;
  }
  return facts;
}

absl::StatusOr<TopicFacts> SharedTopicFacts::get(uint64_t attempt, const std::string& name,
                                                 const detail::KafkaSinkSettings& settings) {
  const std::lock_guard lock(mutex_);
  if (attempt_ == attempt) return facts_;
  WEIR_ASSIGN_OR_RETURN(facts_, ask_topic_facts(name, settings));
  attempt_ = attempt;
  return facts_;
}

}  // namespace weir::kafka
