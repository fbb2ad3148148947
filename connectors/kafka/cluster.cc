#include "connectors/kafka/cluster.h"

#include <array>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "connectors/kafka/errors.h"
#include "weir/detail/status_macros.h"

namespace weir::kafka {

namespace {

constexpr int kTimeoutMs = static_cast<int>(kClusterTimeout.count());

absl::Status no_answer(const Client& client) {
  return absl::UnavailableError(absl::StrCat(
      client.name(), ": no Kafka broker answers at ", client.brokers(), " within ", kTimeoutMs / 1000,
      " s; is the address right, is a broker running, do security.protocol and sasl.* in .properties fit it?",
      client.last_error()));
}

/// The result of an admin request, or why there is none.
absl::StatusOr<EventPtr> await(const Client& client, rd_kafka_queue_t* queue, std::string_view what,
                               const Cancelled& cancelled) {
  const auto deadline = std::chrono::steady_clock::now() + kClusterTimeout + std::chrono::seconds(1);
  while (std::chrono::steady_clock::now() < deadline) {
    if (cancelled != nullptr && cancelled()) return absl::CancelledError("the job is stopping");
    EventPtr event(rd_kafka_queue_poll(queue, 50));
    if (event == nullptr) continue;
    if (const rd_kafka_resp_err_t error = rd_kafka_event_error(event.get())) {
      const char* text = rd_kafka_event_error_string(event.get());
      absl::Status status = error_status(error, absl::StrCat(client.name(), ": ", std::string(what)), text);
      return absl::Status(status.code(), absl::StrCat(status.message(), client.last_error()));
    }
    return event;
  }
  return no_answer(client);
}

AdminOptionsPtr options_for(const Client& client, rd_kafka_admin_op_t operation) {
  AdminOptionsPtr options(rd_kafka_AdminOptions_new(client.get(), operation));
  std::array<char, 256> reason{};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), kTimeoutMs, reason.data(), reason.size());
  return options;
}

absl::StatusOr<Configuration> describe_configuration(const Client& client, rd_kafka_ResourceType_t type,
                                                     const std::string& name, const Cancelled& cancelled) {
  const std::string what =
      absl::StrCat("cannot read the configuration of ", rd_kafka_ResourceType_name(type), " ", name);
  const QueuePtr queue(rd_kafka_queue_new(client.get()));
  const ConfigResourcePtr resource(rd_kafka_ConfigResource_new(type, name.c_str()));
  const AdminOptionsPtr options = options_for(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  rd_kafka_ConfigResource_t* resources = resource.get();
  rd_kafka_DescribeConfigs(client.get(), &resources, 1, options.get(), queue.get());
  WEIR_ASSIGN_OR_RETURN(const EventPtr event, await(client, queue.get(), what, cancelled));
  const rd_kafka_DescribeConfigs_result_t* result = rd_kafka_event_DescribeConfigs_result(event.get());
  size_t count = 0;
  const rd_kafka_ConfigResource_t** answered =
      result == nullptr ? nullptr : rd_kafka_DescribeConfigs_result_resources(result, &count);
  if (count != 1) return absl::InternalError(absl::StrCat(client.name(), ": ", what, ": an empty answer"));
  if (const rd_kafka_resp_err_t error = rd_kafka_ConfigResource_error(answered[0])) {
    return error_status(error, absl::StrCat(client.name(), ": ", what));
  }
  Configuration configuration;
  size_t entries = 0;
  const rd_kafka_ConfigEntry_t** entry = rd_kafka_ConfigResource_configs(answered[0], &entries);
  for (size_t i = 0; i < entries; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entry[i]);
    configuration[rd_kafka_ConfigEntry_name(entry[i])] = value == nullptr ? "" : value;
  }
  return configuration;
}

struct MetadataAnswer {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_resp_err_t topic_error = RD_KAFKA_RESP_ERR_NO_ERROR;
  int partitions = 0;
};

MetadataAnswer ask_partitions(const Client& client, const std::string& topic) {
  MetadataAnswer answer;
  const TopicPtr handle(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
  if (handle == nullptr) return {rd_kafka_last_error(), {}, 0};
  const rd_kafka_metadata_t* metadata = nullptr;
  answer.error = rd_kafka_metadata(client.get(), 0, handle.get(), &metadata, kTimeoutMs);
  if (answer.error != RD_KAFKA_RESP_ERR_NO_ERROR) return answer;
  if (metadata->topic_cnt == 1) {
    answer.topic_error = metadata->topics[0].err;
    answer.partitions = metadata->topics[0].partition_cnt;
  }
  rd_kafka_metadata_destroy(metadata);
  return answer;
}

}  // namespace

absl::StatusOr<std::string> cluster_id(const std::shared_ptr<Client>& client, const Cancelled& cancelled) {
  WEIR_ASSIGN_OR_RETURN(std::string id, interruptible(cancelled, [client] {
                          char* text = rd_kafka_clusterid(client->get(), kTimeoutMs);
                          std::string copy = text == nullptr ? "" : text;
                          if (text != nullptr) rd_kafka_mem_free(client->get(), text);
                          return copy;
                        }));
  if (id.empty()) return no_answer(*client);
  return id;
}

absl::StatusOr<int> partition_count(const std::shared_ptr<Client>& client, const std::string& topic,
                                    const Cancelled& cancelled, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const MetadataAnswer answer, interruptible(cancelled, [client, topic] {
                            return ask_partitions(*client, topic);
                          }));
    if (answer.error == RD_KAFKA_RESP_ERR__TRANSPORT || answer.error == RD_KAFKA_RESP_ERR__TIMED_OUT) {
      return no_answer(*client);
    }
    const std::string what = absl::StrCat(client->name(), ": topic '", topic, "' at ", client->brokers());
    if (answer.error != RD_KAFKA_RESP_ERR_NO_ERROR) return error_status(answer.error, what);
    if (answer.topic_error == RD_KAFKA_RESP_ERR_NO_ERROR && answer.partitions > 0) return answer.partitions;
    if (std::chrono::steady_clock::now() >= deadline) {
      if (answer.topic_error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        return absl::NotFoundError(
            absl::StrCat(what, " does not exist; create it (Weir does not), or correct its name"));
      }
      return error_status(answer.topic_error, what);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

absl::StatusOr<Configuration> topic_configuration(const std::shared_ptr<Client>& client,
                                                  const std::string& topic, const Cancelled& cancelled) {
  return describe_configuration(*client, RD_KAFKA_RESOURCE_TOPIC, topic, cancelled);
}

absl::StatusOr<Configuration> broker_configuration(const std::shared_ptr<Client>& client,
                                                   const Cancelled& cancelled) {
  WEIR_ASSIGN_OR_RETURN(const int32_t broker, interruptible(cancelled, [client] {
                          return rd_kafka_controllerid(client->get(), kTimeoutMs);
                        }));
  if (broker < 0) return no_answer(*client);
  return describe_configuration(*client, RD_KAFKA_RESOURCE_BROKER, absl::StrCat(broker), cancelled);
}

absl::Status create_topic(const std::shared_ptr<Client>& client, const std::string& topic, int partitions,
                          const Configuration& configuration, const Cancelled& cancelled) {
  const std::string what = absl::StrCat("cannot create topic '", topic, "' at ", client->brokers());
  std::array<char, 256> reason{};
  const NewTopicPtr created(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, -1, reason.data(), reason.size()));
  if (created == nullptr)
    return absl::InvalidArgumentError(absl::StrCat(client->name(), ": ", what, ": ", reason.data()));
  for (const auto& [name, value] : configuration) {
    rd_kafka_NewTopic_set_config(created.get(), name.c_str(), value.c_str());
  }
  const QueuePtr queue(rd_kafka_queue_new(client->get()));
  const AdminOptionsPtr options = options_for(*client, RD_KAFKA_ADMIN_OP_CREATETOPICS);
  rd_kafka_AdminOptions_set_operation_timeout(options.get(), kTimeoutMs, reason.data(), reason.size());
  rd_kafka_NewTopic_t* topics = created.get();
  rd_kafka_CreateTopics(client->get(), &topics, 1, options.get(), queue.get());
  WEIR_ASSIGN_OR_RETURN(const EventPtr event, await(*client, queue.get(), what, cancelled));
  size_t count = 0;
  const rd_kafka_CreateTopics_result_t* result = rd_kafka_event_CreateTopics_result(event.get());
  const rd_kafka_topic_result_t** answers = rd_kafka_CreateTopics_result_topics(result, &count);
  if (count != 1) return absl::InternalError(absl::StrCat(client->name(), ": ", what, ": an empty answer"));
  const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(answers[0]);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  if (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return absl::AlreadyExistsError(topic);
  const char* text = rd_kafka_topic_result_error_string(answers[0]);
  return error_status(error, absl::StrCat(client->name(), ": ", what), text == nullptr ? "" : text);
}

}  // namespace weir::kafka
