#include "tests/kafka/broker.h"

#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

namespace weir::test {

namespace {

constexpr int kTimeoutMs = 30'000;
using Properties = std::map<std::string, std::string>;

[[noreturn]] void no_broker(const std::string& why) {
  const char* ci = std::getenv("CI");
  const bool failure = ci != nullptr && std::string(ci) == "true";
  std::fprintf(stderr,
               "\n*** %s: no Kafka broker (%s); set WEIR_KAFKA_BOOTSTRAP or see scripts/kafka ***\n\n",
               failure ? "FAILED" : "SKIPPED", why.c_str());
  std::_Exit(failure ? 1 : 77);
}

std::string start_broker() {
  if (const char* given = std::getenv("WEIR_KAFKA_BOOTSTRAP")) return given;
  std::FILE* pipe = ::popen(WEIR_SOURCE_DIR "/scripts/kafka start", "r");
  if (pipe == nullptr) no_broker("scripts/kafka cannot be started");
  std::array<char, 256> line{};
  std::string address;
  while (std::fgets(line.data(), line.size(), pipe) != nullptr) address = line.data();
  const int status = ::pclose(pipe);
  while (!address.empty() && (address.back() == '\n' || address.back() == ' ')) address.pop_back();
  if (status != 0 || address.empty()) no_broker("scripts/kafka start failed");
  return address;
}

void fail(const std::string& what) { throw std::runtime_error("test broker: " + what); }
void check(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail(what + ": " + rd_kafka_err2str(error));
}
void check(rd_kafka_error_t* error, const std::string& what) {
  if (error == nullptr) return;
  const std::string text = rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  fail(what + ": " + text);
}

struct DestroyHandle {
  void operator()(rd_kafka_t* handle) const {
    rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
};
using Handle = std::unique_ptr<rd_kafka_t, DestroyHandle>;

Handle make_handle(rd_kafka_type_t type, Properties properties) {
  properties["bootstrap.servers"] = kafka_bootstrap();
  properties.emplace("log_level", "2");
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> reason{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size()) !=
        RD_KAFKA_CONF_OK) {
      fail(reason.data());
    }
  }
  rd_kafka_t* handle = rd_kafka_new(type, conf, reason.data(), reason.size());
  if (handle == nullptr) fail(reason.data());
  return Handle(handle);
}

rd_kafka_t* admin() {
  static rd_kafka_t* const handle = make_handle(RD_KAFKA_PRODUCER, {}).release();
  return handle;
}

using Event = std::unique_ptr<rd_kafka_event_t, decltype(&rd_kafka_event_destroy)>;

/// `request` is given the queue on which its answer comes.
Event ask(const std::function<void(rd_kafka_queue_t*)>& request, const std::string& what) {
  rd_kafka_queue_t* queue = rd_kafka_queue_new(admin());
  request(queue);
  Event event(rd_kafka_queue_poll(queue, kTimeoutMs), &rd_kafka_event_destroy);
  rd_kafka_queue_destroy(queue);
  if (event == nullptr) fail(what + ": no answer");
  check(rd_kafka_event_error(event.get()), what);
  return event;
}

void check_topics(const rd_kafka_topic_result_t** results, size_t count, const std::string& what) {
  for (size_t i = 0; i < count; ++i) check(rd_kafka_topic_result_error(results[i]), what);
}

/// -1: it does not exist (or not yet).
int count_partitions(const std::string& topic) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(admin(), topic.c_str(), nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  int count = -1;
  if (rd_kafka_metadata(admin(), 0, handle, &metadata, kTimeoutMs) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      count = metadata->topics[0].partition_cnt;
    }
    rd_kafka_metadata_destroy(metadata);
  }
  rd_kafka_topic_destroy(handle);
  return count;
}

void send(rd_kafka_t* handle, const std::string& topic, const std::vector<KafkaRecord>& records) {
  for (const KafkaRecord& r : records) {
    check(rd_kafka_producev(handle, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(r.partition),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK),
                            RD_KAFKA_V_TIMESTAMP(r.time),
                            RD_KAFKA_V_KEY(r.has_key ? r.key.data() : nullptr, r.key.size()),
                            RD_KAFKA_V_VALUE(const_cast<char*>(r.has_value ? r.value.data() : nullptr),
                                             r.has_value ? r.value.size() : 0),
                            RD_KAFKA_V_END),
          "produce to " + topic);
  }
  check(rd_kafka_flush(handle, kTimeoutMs), "flush to " + topic);
}

}  // namespace

std::string kafka_bootstrap() {
  static const std::string address = start_broker();
  return address;
}

std::string unique_name(const std::string& prefix) {
  static std::mt19937_64 random(std::random_device{}());
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%012llx",
                static_cast<unsigned long long>(random() & 0xffffffffffffULL));
  return prefix + "-" + digits.data();
}

std::string create_topic(const std::string& prefix, int partitions, const Properties& configuration) {
  const std::string topic = unique_name(prefix);
  create_topic_named(topic, partitions, configuration);
  return topic;
}

void create_topic_named(const std::string& topic, int partitions, const Properties& configuration) {
  rd_kafka_NewTopic_t* created = rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, nullptr, 0);
  for (const auto& [name, value] : configuration) {
    rd_kafka_NewTopic_set_config(created, name.c_str(), value.c_str());
  }
  const Event event = ask([&](auto* queue) { rd_kafka_CreateTopics(admin(), &created, 1, nullptr, queue); },
                          "create " + topic);
  rd_kafka_NewTopic_destroy(created);
  size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event.get());
  const auto** topics = rd_kafka_CreateTopics_result_topics(result, &count);
  check_topics(topics, count, "create " + topic);
  if (!eventually([&] { return count_partitions(topic) == partitions; })) fail(topic + " does not appear");
}

void delete_topic(const std::string& topic) {
  rd_kafka_DeleteTopic_t* deleted = rd_kafka_DeleteTopic_new(topic.c_str());
  const Event event = ask([&](auto* queue) { rd_kafka_DeleteTopics(admin(), &deleted, 1, nullptr, queue); },
                          "delete " + topic);
  rd_kafka_DeleteTopic_destroy(deleted);
  size_t count = 0;
  const auto* result = rd_kafka_event_DeleteTopics_result(event.get());
  const auto** topics = rd_kafka_DeleteTopics_result_topics(result, &count);
  check_topics(topics, count, "delete " + topic);
  if (!eventually([&] { return count_partitions(topic) < 0; })) fail(topic + " does not go");
}

void add_partitions(const std::string& topic, int total) {
  rd_kafka_NewPartitions_t* more =
      rd_kafka_NewPartitions_new(topic.c_str(), static_cast<size_t>(total), nullptr, 0);
  ask([&](auto* queue) { rd_kafka_CreatePartitions(admin(), &more, 1, nullptr, queue); }, "grow " + topic);
  rd_kafka_NewPartitions_destroy(more);
  if (!eventually([&] { return count_partitions(topic) == total; })) fail(topic + " does not grow");
}

void set_topic_configuration(const std::string& topic, const std::string& name, const std::string& value) {
  rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  rd_kafka_ConfigResource_set_config(resource, name.c_str(), value.c_str());
  ask([&](auto* queue) { rd_kafka_AlterConfigs(admin(), &resource, 1, nullptr, queue); },
      "configure " + topic);
  rd_kafka_ConfigResource_destroy(resource);
}

void delete_records_before(const std::string& topic, int partition, int64_t offset) {
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), partition)->offset = offset;
  rd_kafka_DeleteRecords_t* deleted = rd_kafka_DeleteRecords_new(list);
  ask([&](auto* queue) { rd_kafka_DeleteRecords(admin(), &deleted, 1, nullptr, queue); },
      "delete records of " + topic);
  rd_kafka_DeleteRecords_destroy(deleted);
  rd_kafka_topic_partition_list_destroy(list);
}

void produce(const std::string& topic, const std::vector<KafkaRecord>& records) {
  const Handle handle = make_handle(RD_KAFKA_PRODUCER, {{"enable.idempotence", "true"}});
  send(handle.get(), topic, records);
}

struct OpenTransaction::State {
  Handle handle;
};

OpenTransaction::OpenTransaction(const std::string& transactional_id, int timeout_ms)
    : state_(std::make_unique<State>()) {
  state_->handle = make_handle(RD_KAFKA_PRODUCER, {{"transactional.id", transactional_id},
                                                   {"transaction.timeout.ms", std::to_string(timeout_ms)}});
  check(rd_kafka_init_transactions(state_->handle.get(), kTimeoutMs), "init_transactions");
  check(rd_kafka_begin_transaction(state_->handle.get()), "begin_transaction");
}
OpenTransaction::~OpenTransaction() = default;

void OpenTransaction::produce(const std::string& topic, const std::vector<KafkaRecord>& records) {
  send(state_->handle.get(), topic, records);
}
void OpenTransaction::commit() {
  check(rd_kafka_commit_transaction(state_->handle.get(), kTimeoutMs), "commit_transaction");
}
void OpenTransaction::abort() {
  check(rd_kafka_abort_transaction(state_->handle.get(), kTimeoutMs), "abort_transaction");
}

std::vector<KafkaRecord> read_committed(const std::string& topic) {
  const int partitions = count_partitions(topic);
  if (partitions < 0) fail(topic + " does not exist");
  const Handle handle = make_handle(RD_KAFKA_CONSUMER, {{"group.id", "weir-tests"},
                                                        {"isolation.level", "read_committed"},
                                                        {"enable.auto.commit", "false"},
                                                        {"enable.partition.eof", "true"},
                                                        {"fetch.wait.max.ms", "10"},
                                                        {"auto.offset.reset", "earliest"}});
  rd_kafka_poll_set_consumer(handle.get());
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(partitions);
  for (int i = 0; i < partitions; ++i) {
    rd_kafka_topic_partition_list_add(list, topic.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
  }
  check(rd_kafka_assign(handle.get(), list), "assign");
  rd_kafka_topic_partition_list_destroy(list);
  std::map<int, std::vector<KafkaRecord>> read;
  std::map<int, bool> at_end;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kTimeoutMs);
  while (static_cast<int>(at_end.size()) < partitions) {
    if (std::chrono::steady_clock::now() > deadline) fail("reading " + topic + " takes too long");
    rd_kafka_message_t* message = rd_kafka_consumer_poll(handle.get(), 100);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      at_end[message->partition] = true;
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      KafkaRecord record;
      record.has_key = message->key != nullptr;
      record.has_value = message->payload != nullptr;
      record.key.assign(static_cast<const char*>(message->key), record.has_key ? message->key_len : 0);
      record.value.assign(static_cast<const char*>(message->payload), record.has_value ? message->len : 0);
      record.partition = message->partition;
      record.offset = message->offset;
      record.time = rd_kafka_message_timestamp(message, nullptr);
      read[message->partition].push_back(std::move(record));
    }
    rd_kafka_message_destroy(message);
  }
  std::vector<KafkaRecord> all;
  for (auto& [partition, records] : read) all.insert(all.end(), records.begin(), records.end());
  return all;
}

std::vector<std::string> committed_values(const std::string& topic) {
  std::vector<std::string> values;
  for (const KafkaRecord& record : read_committed(topic)) values.push_back(record.value);
  return values;
}

bool eventually(const std::function<bool()>& condition, int limit_seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(limit_seconds);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace weir::test
