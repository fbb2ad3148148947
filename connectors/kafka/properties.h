#pragma once
// librdkafka's configuration properties as users give them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "connectors/kafka/handles.h"
#include "weir/detail/kafka_settings.h"

namespace weir::kafka {

using detail::KafkaProperties;
using PropertyList = std::vector<std::pair<std::string, std::string>>;

/// The value must never be printed: passwords, secrets, keys, certificates.
bool is_secret(std::string_view property);

/// "linger.ms=5 sasl.password=<hidden 5f3a…>" sorted. A secret stands as a number that differs where the
/// secrets differ, and between processes.
std::string describe(const KafkaProperties& properties);

/// Names the first property that `fixed` holds, and so the user may not set.
absl::Status check_not_fixed(const KafkaProperties& properties, const PropertyList& fixed);

/// The error does not show a secret's value.
absl::Status set_property(rd_kafka_conf_t* conf, const std::string& name, const std::string& value);

/// Values that librdkafka does not take, before anything runs.
absl::Status check_known(const KafkaProperties& properties);

}  // namespace weir::kafka
