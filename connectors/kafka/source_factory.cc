#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "connectors/kafka/kafka_reader.h"
#include "connectors/kafka/properties.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

namespace {

class KafkaSourceFactory final : public RawSourceFactory {
 public:
  explicit KafkaSourceFactory(detail::KafkaSourceSettings settings)
      : settings_(std::make_shared<const detail::KafkaSourceSettings>(std::move(settings))) {}

  std::string describe() const override {
    return absl::StrCat("kafka topic ", absl::StrJoin(settings_->topics, ", "));
  }

  absl::Status check() const override {
    if (absl::Status status = check_settings(); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(describe(), ": ", status.message()));
    }
    return absl::OkStatus();
  }

  std::unique_ptr<RawReader> make() const override { return std::make_unique<KafkaReader>(settings_); }

 private:
  absl::Status check_settings() const {
    const auto& s = *settings_;
    if (s.brokers.empty()) return absl::InvalidArgumentError("no brokers; set .brokers to host:port");
    if (s.topics.empty()) return absl::InvalidArgumentError("no topic; set .topic");
    const std::set<std::string> distinct(s.topics.begin(), s.topics.end());
    if (distinct.size() != s.topics.size() || distinct.count("") != 0) {
      return absl::InvalidArgumentError("a topic is named twice or is empty");
    }
    if (s.start.kind() == KafkaStart::Kind::kOffsets && s.topics.size() != 1) {
      return absl::InvalidArgumentError("KafkaStart::offsets is for one topic; make a source for each");
    }
    if (!(s.rate >= 0 && s.rate <= 1e12)) {
      return absl::InvalidArgumentError(absl::StrCat("the option .rate is ", s.rate, ", not 0 to 1e12"));
    }
    if (s.discovery_interval < Duration{0}) {
      return absl::InvalidArgumentError("a negative .discovery_interval; 0 turns discovery off");
    }
    if (s.properties.count("group.id") != 0) {
      return absl::InvalidArgumentError("the property 'group.id' cannot be set; use .group");
    }
    WEIR_RETURN_IF_ERROR(check_not_fixed(s.properties, fixed_source_properties()));
    return check_known(s.properties);
  }

  std::shared_ptr<const detail::KafkaSourceSettings> settings_;
};

}  // namespace
}  // namespace weir::kafka

namespace weir::detail {

std::shared_ptr<const RawSourceFactory> kafka_source_factory(KafkaSourceSettings settings) {
  return std::make_shared<kafka::KafkaSourceFactory>(std::move(settings));
}

}  // namespace weir::detail
