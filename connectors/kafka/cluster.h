#pragma once
// Questions to a cluster, and the creation of topics. All block, in bounded time.

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/kafka/client.h"
#include "connectors/kafka/interruptible_call.h"

namespace weir::kafka {

inline constexpr std::chrono::milliseconds kClusterTimeout{10'000};

/// Unavailable, naming the brokers, when none answers.
absl::StatusOr<std::string> cluster_id(const std::shared_ptr<Client>& client, const Cancelled& cancelled);

/// Number of partitions. NotFound naming topic and brokers when it does not exist for as long as `patience`
/// lasts: the broker that is asked may not have heard yet of a topic that was just created.
absl::StatusOr<int> partition_count(const std::shared_ptr<Client>& client, const std::string& topic,
                                    const Cancelled& cancelled,
                                    std::chrono::milliseconds patience = std::chrono::milliseconds(2000));

using Configuration = std::map<std::string, std::string>;
absl::StatusOr<Configuration> topic_configuration(const std::shared_ptr<Client>& client,
                                                  const std::string& topic, const Cancelled& cancelled);
/// Of one of the brokers.
absl::StatusOr<Configuration> broker_configuration(const std::shared_ptr<Client>& client,
                                                   const Cancelled& cancelled);

/// With the broker's default replication. AlreadyExists when it does.
absl::Status create_topic(const std::shared_ptr<Client>& client, const std::string& topic, int partitions,
                          const Configuration& configuration, const Cancelled& cancelled);

}  // namespace weir::kafka
