// Looks at Kafka from outside Weir: makes topics, and prints what a read_committed consumer sees. README.md.

#include <librdkafka/rdkafka.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kTimeoutMs = 30'000;
constexpr int kAttempts = 50;

struct Deleter {
  void operator()(rd_kafka_t* handle) const { rd_kafka_destroy(handle); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

void check(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(what + ": " + rd_kafka_err2str(error));
}

Owned<rd_kafka_t> connect(rd_kafka_type_t type, const std::string& brokers,
                          const std::string& isolation = "read_committed") {
  rd_kafka_conf_t* settings = rd_kafka_conf_new();
  char reason[512];
  const std::vector<std::pair<const char*, std::string>> values = {
      {"bootstrap.servers", brokers},       {"group.id", "weir_topics"},    {"enable.auto.commit", "false"},
      {"auto.offset.reset", "error"},       {"isolation.level", isolation}, {"enable.partition.eof", "true"},
      {"allow.auto.create.topics", "false"}};
  for (const auto& [name, value] : values) {
    if (type == RD_KAFKA_PRODUCER && std::string(name) != "bootstrap.servers") continue;
    if (rd_kafka_conf_set(settings, name, value.c_str(), reason, sizeof reason) != RD_KAFKA_CONF_OK)
      throw std::runtime_error(reason);
  }
  Owned<rd_kafka_t> handle(rd_kafka_new(type, settings, reason, sizeof reason));
  if (handle == nullptr) throw std::runtime_error(reason);
  return handle;
}

void create_topics(const std::string& brokers, const std::vector<std::string>& names, int partitions) {
  const auto handle = connect(RD_KAFKA_PRODUCER, brokers);
  std::vector<Owned<rd_kafka_NewTopic_t>> owned;
  std::vector<rd_kafka_NewTopic_t*> topics;
  char reason[512];
  for (const std::string& name : names) {
    owned.emplace_back(rd_kafka_NewTopic_new(name.c_str(), partitions, 1, reason, sizeof reason));
    if (owned.back() == nullptr) throw std::runtime_error("topic " + name + ": " + reason);
    topics.push_back(owned.back().get());
  }
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle.get()));
  rd_kafka_CreateTopics(handle.get(), topics.data(), topics.size(), nullptr, queue.get());
  const Owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), kTimeoutMs));
  if (event == nullptr) throw std::runtime_error("no answer from " + brokers + " within 30 s");
  check(rd_kafka_event_error(event.get()), "create topics on " + brokers);
  size_t count = 0;
  const auto* result = rd_kafka_event_CreateTopics_result(event.get());
  const auto* const* topic_results = rd_kafka_CreateTopics_result_topics(result, &count);
  for (size_t i = 0; i < count; ++i) {
    check(rd_kafka_topic_result_error(topic_results[i]),
          std::string("topic ") + rd_kafka_topic_result_name(topic_results[i]));
  }
}

int partition_count(rd_kafka_t* handle, const std::string& name) {
  rd_kafka_topic_t* topic = rd_kafka_topic_new(handle, name.c_str(), nullptr);
  const rd_kafka_metadata_t* answer = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(handle, 0, topic, &answer, kTimeoutMs);
  rd_kafka_topic_destroy(topic);
  check(error, "topic " + name);
  const Owned<const rd_kafka_metadata_t> metadata(answer);
  check(metadata->topics[0].err, "topic " + name);
  return metadata->topics[0].partition_cnt;
}

struct Range {
  int64_t low = 0;
  int64_t high = 0;
};

/// Of each partition, aborted and undecided records included.
std::vector<Range> ranges(const std::string& brokers, const std::string& name) {
  const auto handle = connect(RD_KAFKA_CONSUMER, brokers, "read_uncommitted");
  std::vector<Range> found(partition_count(handle.get(), name));
  for (size_t i = 0; i < found.size(); ++i) {
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {  // a new topic's leaders are known a little later
      error = rd_kafka_query_watermark_offsets(handle.get(), name.c_str(), static_cast<int32_t>(i),
                                               &found[i].low, &found[i].high, kTimeoutMs);
      if (error != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    check(error, "ends of topic " + name);
  }
  return found;
}

/// The value and a newline, for each record up to the end that the partitions have now. An end that committed
/// readers cannot reach (a transaction is still open) is an error.
void print_committed(const std::string& brokers, const std::string& name, bool keys) {
  const std::vector<Range> partitions = ranges(brokers, name);
  const auto handle = connect(RD_KAFKA_CONSUMER, brokers);
  const Owned<rd_kafka_topic_partition_list_t> list(
      rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (size_t i = 0; i < partitions.size(); ++i)
    rd_kafka_topic_partition_list_add(list.get(), name.c_str(), static_cast<int32_t>(i))->offset =
        partitions[i].low;
  check(rd_kafka_assign(handle.get(), list.get()), "read topic " + name);
  for (size_t open = partitions.size(); open > 0;) {
    const Owned<rd_kafka_message_t> message(rd_kafka_consumer_poll(handle.get(), kTimeoutMs));
    if (message == nullptr) throw std::runtime_error("topic " + name + ": nothing came for 30 s");
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      const int64_t end = partitions[message->partition].high;
      if (message->offset < end)
        throw std::runtime_error("topic " + name + ", partition " + std::to_string(message->partition) +
                                 ": an open transaction holds readers at offset " +
                                 std::to_string(message->offset) + " of " + std::to_string(end));
      --open;
      continue;
    }
    check(message->err, "topic " + name);
    if (keys) {
      std::fwrite(message->key, 1, message->key_len, stdout);
      std::fputc('\t', stdout);
    }
    std::fwrite(message->payload, 1, message->len, stdout);
    std::fputc('\n', stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::string brokers;
  std::vector<std::string> topics;
  int partitions = 4;
  bool keys = false;
  CLI::App app("Makes topics and prints what a read_committed consumer sees", "weir_topics");
  app.require_subcommand(1);
  app.add_option("--brokers", brokers, "host:port,host:port")->required();
  CLI::App* create = app.add_subcommand("create", "Makes topics");
  create->add_option("--partitions", partitions)->check(CLI::Range(1, 1000))->capture_default_str();
  create->add_option("topics", topics)->required();
  CLI::App* dump =
      app.add_subcommand("dump", "Prints a topic's committed records, a line each, up to its end");
  dump->add_flag("--keys", keys, "The key and a tab before each value");
  dump->add_option("topic", topics)->required()->expected(1);
  CLI11_PARSE(app, argc, argv);
  try {
    if (create->parsed()) create_topics(brokers, topics, partitions);
    if (dump->parsed()) print_committed(brokers, topics.front(), keys);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "weir_topics: %s\n", error.what());
    return 1;
  }
  return 0;
}
