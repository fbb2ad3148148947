#include "connectors/kafka/properties.h"

#include <algorithm>
#include <array>
#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "weir/detail/hash.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

bool is_secret(std::string_view property) {
  const std::string name = absl::AsciiStrToLower(absl::string_view(property.data(), property.size()));
  static constexpr std::array<std::string_view, 6> kParts = {"password", "secret", "jaas",
                                                             "pem",      "key",    "token"};
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return name.find(part) != std::string::npos; });
}

absl::Status set_property(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  std::array<char, 512> reason{};
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) ==
      RD_KAFKA_CONF_OK) {
    return absl::OkStatus();
  }
  // The reason quotes the value.
  return absl::InvalidArgumentError(
      absl::StrCat("the property '", name, "' cannot be set: ",
                   is_secret(name) ? "librdkafka refuses it (the value is not shown)" : reason.data()));
}

std::string describe(const KafkaProperties& properties) {
  static const uint64_t salt = (uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  std::string text;
  for (const auto& [name, value] : properties) {
    absl::StrAppend(&text, text.empty() ? "" : " ", name, "=");
    if (is_secret(name)) {
      absl::StrAppendFormat(&text, "<hidden %08x>",
                            detail::hash_bytes(absl::StrCat(salt, name, "=", value)) >> 32);
    } else {
      absl::StrAppend(&text, value);
    }
  }
  return text;
}

absl::Status check_not_fixed(const KafkaProperties& properties, const PropertyList& fixed) {
  for (const auto& [name, value] : fixed) {
    if (properties.count(name) != 0) {
      return absl::InvalidArgumentError(absl::StrCat("the property '", name,
                                                     "' cannot be set: Weir needs it to be '", value,
                                                     "'; remove it from .properties"));
    }
  }
  return absl::OkStatus();
}

absl::Status check_known(const KafkaProperties& properties) {
  const ConfPtr conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    WEIR_RETURN_IF_ERROR(set_property(conf.get(), name, value));
  }
  return absl::OkStatus();
}

}  // namespace weir::kafka
