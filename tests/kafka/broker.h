#pragma once
// A real broker for tests, and what stands on the other side of Weir: topics, a producer, and consumers that
// see committed records only.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir::test {

/// WEIR_KAFKA_BOOTSTRAP if set, else the broker that scripts/kafka starts. Without one the process ends: with
/// 77 (skipped), or 1 when CI=true.
std::string kafka_bootstrap();

/// "<prefix>-<random>": tests share one broker.
std::string unique_name(const std::string& prefix);

/// Throw std::runtime_error.
std::string create_topic(const std::string& prefix, int partitions,
                         const std::map<std::string, std::string>& configuration = {});
void create_topic_named(const std::string& topic, int partitions,
                        const std::map<std::string, std::string>& configuration = {});
void delete_topic(const std::string& topic);
void add_partitions(const std::string& topic, int total);
void set_topic_configuration(const std::string& topic, const std::string& name, const std::string& value);
/// Deletes what is before this offset, as retention does.
void delete_records_before(const std::string& topic, int partition, int64_t offset);

struct KafkaRecord {
  std::string key;
  std::string value;
  int32_t partition = 0;
  int64_t time = 0;
  int64_t offset = -1;
  bool has_key = true;
  bool has_value = true;
};

/// Throws unless all are written.
void produce(const std::string& topic, const std::vector<KafkaRecord>& records);

/// A transaction of someone else, or of a dead instance of a job when it has its transactional id. Left alone
/// it stays open until the broker aborts it.
class OpenTransaction {
 public:
  OpenTransaction(const std::string& transactional_id, int timeout_ms = 60'000);
  ~OpenTransaction();
  void produce(const std::string& topic, const std::vector<KafkaRecord>& records);
  void commit();
  void abort();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Everything that a read_committed consumer sees now, by partition and offset.
std::vector<KafkaRecord> read_committed(const std::string& topic);
std::vector<std::string> committed_values(const std::string& topic);

/// Looks every few milliseconds; false when `limit_seconds` pass first. For what another process does.
bool eventually(const std::function<bool()>& condition, int limit_seconds = 30);

}  // namespace weir::test
