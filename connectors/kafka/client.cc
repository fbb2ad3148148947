#include "connectors/kafka/client.h"

#include <array>
#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/base/log.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

namespace {

constexpr std::chrono::seconds kDestroyLimit{2};

absl::Status set_all(rd_kafka_conf_t* conf, const auto& properties) {
  for (const auto& [name, value] : properties) WEIR_RETURN_IF_ERROR(set_property(conf, name, value));
  return absl::OkStatus();
}

absl::Status configure(rd_kafka_conf_t* conf, const ClientSettings& settings) {
  // Nagle's algorithm holds small requests back for up to 40 ms.
  WEIR_RETURN_IF_ERROR(set_property(conf, "socket.nagle.disable", "true"));
  WEIR_RETURN_IF_ERROR(set_all(conf, settings.defaults));
  WEIR_RETURN_IF_ERROR(set_all(conf, settings.properties));
  WEIR_RETURN_IF_ERROR(set_property(conf, "bootstrap.servers", settings.brokers));
  return set_all(conf, settings.fixed);
}

}  // namespace

absl::StatusOr<std::shared_ptr<Client>> Client::create(rd_kafka_type_t type, ClientSettings settings) {
  auto client = std::shared_ptr<Client>(new Client(std::move(settings)));
  client->log_->name = client->settings_.name;
  ConfPtr conf(rd_kafka_conf_new());
  rd_kafka_conf_set_opaque(conf.get(), client->log_.get());
  rd_kafka_conf_set_log_cb(conf.get(), &Client::on_log);
  if (absl::Status status = configure(conf.get(), client->settings_); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(client->name(), ": ", status.message()));
  }
  if (client->settings_.configure) client->settings_.configure(conf.get());
  std::array<char, 512> reason{};
  client->handle_ = rd_kafka_new(type, conf.get(), reason.data(), reason.size());
  if (client->handle_ == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(client->name(), ": cannot make a Kafka client for ",
                                                   client->brokers(), ": ", reason.data()));
  }
  // rd_kafka_new took it.
  (void)conf.release();
  return client;
}

Client::~Client() {
  if (handle_ == nullptr) return;
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> destroyed = done->get_future();
  std::thread([handle = handle_, log = log_, configure = settings_.configure, done = std::move(done)] {
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    done->set_value();
  }).detach();
  if (destroyed.wait_for(kDestroyLimit) != std::future_status::ready) {
    log()->warn("{}: a Kafka client for {} takes long to close; going on without it", name(), brokers());
  }
}

std::string Client::last_error() const {
  const std::lock_guard lock(log_->mutex);
  return log_->last_error.empty() ? "" : absl::StrCat("; librdkafka's last error: ", log_->last_error);
}

void Client::on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  // Helpers get all of the user's properties, also those that only producers or consumers have.
  if (std::string_view(facility) == "CONFWARN") level = 7;
  const auto* log = static_cast<const Log*>(rd_kafka_opaque(handle));
  if (level <= 3) {
    const std::lock_guard lock(log->mutex);
    const_cast<Log*>(log)->last_error = text;
  }
  const auto severity = level <= 4   ? spdlog::level::warn
                        : level <= 6 ? spdlog::level::info
                                     : spdlog::level::debug;
  weir::log()->log(severity, "{}: librdkafka {}: {}", log->name, facility, text);
}

absl::StatusOr<std::shared_ptr<Client>> create_admin_client(std::string name, const std::string& brokers,
                                                            const KafkaProperties& properties) {
  ClientSettings settings;
  settings.name = std::move(name);
  settings.brokers = brokers;
  settings.properties = properties;
  return Client::create(RD_KAFKA_PRODUCER, std::move(settings));
}

}  // namespace weir::kafka
