#pragma once
// One librdkafka handle: configured from settings, logging to Weir's log, destroyed in bounded time.

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "connectors/kafka/handles.h"
#include "connectors/kafka/properties.h"

namespace weir::kafka {

struct ClientSettings {
  /// For the log: "sink 'bars'".
  std::string name;
  std::string brokers;
  KafkaProperties properties;
  /// May be overridden by `properties`.
  PropertyList defaults;
  /// Override `properties`. A connector refuses them there first (check_not_fixed).
  PropertyList fixed;
  /// Sets callbacks and events; may be null. Kept, with what it captures, until the handle is destroyed.
  std::function<void(rd_kafka_conf_t*)> configure;
};

/// Thread-safe, as librdkafka is.
class Client {
 public:
  static absl::StatusOr<std::shared_ptr<Client>> create(rd_kafka_type_t type, ClientSettings settings);
  /// Destroys the handle on a thread of its own and waits for at most two seconds: librdkafka 2.0.2 may hang
  /// there when a topic has vanished.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  rd_kafka_t* get() const { return handle_; }
  const std::string& name() const { return settings_.name; }
  const std::string& brokers() const { return settings_.brokers; }

  /// "; librdkafka's last error: …", or nothing: why a time-out may have happened.
  std::string last_error() const;

 private:
  /// Outlives the handle.
  struct Log {
    std::string name;
    mutable std::mutex mutex;
    std::string last_error;
  };
  explicit Client(ClientSettings settings) : settings_(std::move(settings)) {}
  static void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text);

  ClientSettings settings_;
  std::shared_ptr<Log> log_ = std::make_shared<Log>();
  rd_kafka_t* handle_ = nullptr;
};

/// A handle for administration and questions about the cluster: needs no group and sends no records.
absl::StatusOr<std::shared_ptr<Client>> create_admin_client(std::string name, const std::string& brokers,
                                                            const KafkaProperties& properties);

}  // namespace weir::kafka
