#pragma once
// One worker's share of a Kafka source: a consumer to which the partitions p of each topic with
// p % workers == worker are assigned by hand.
//
// Invariants: 1. records of a partition are given in the order of their offsets, each once: what comes below
// the next expected offset is dropped (librdkafka 2.0.2 may jump back). 2. Nothing is skipped: a position
// that the broker does not have is an error. 3. Messages that the last batch points into are kept until the
// next poll.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "connectors/kafka/client.h"
#include "connectors/kafka/partition_discovery.h"
#include "connectors/kafka/start_offsets.h"
#include "runtime/base/rate_limiter.h"
#include "weir/detail/kafka_settings.h"
#include "weir/source.h"

namespace weir::kafka {

/// What users may not set in a source's properties.
const PropertyList& fixed_source_properties();

class KafkaReader final : public RawReader {
 public:
  explicit KafkaReader(std::shared_ptr<const detail::KafkaSourceSettings> settings);
  ~KafkaReader() override;

  absl::Status open(SourceContext context) override;
  absl::StatusOr<Poll> poll(size_t max_records, RawBatch& batch) override;
  std::vector<SplitPosition> positions() const override;
  void on_checkpoint(const std::vector<SplitPosition>& positions) override;
  std::string describe_record(const SplitName& split, int64_t offset) const override;

 private:
  struct Partition {
    SplitName split;
    std::string topic;
    int32_t partition = 0;
    /// The next offset to give.
    int64_t next = 0;
    /// Bounded: where to stop (exclusive).
    int64_t end = 0;
    bool finished = false;
  };

  absl::Status connect();
  absl::StatusOr<int> find_partitions(const std::string& topic);
  absl::StatusOr<Partition> place(const std::string& topic, int32_t partition) const;
  absl::Status assign(size_t first_new);
  absl::Status add_new_partitions();

  void release_given();
  /// Fills buffer_; false: there was nothing.
  bool fetch();
  /// Takes a run of one partition's messages from the buffer.
  absl::Status take_run(size_t max_records, RawBatch& batch);
  void give(const rd_kafka_message_t& message, RawBatch& batch) const;
  absl::Status on_error(const rd_kafka_message_t& message);
  Partition* find(const rd_kafka_message_t& message);
  void finish(Partition& partition);

  std::shared_ptr<const detail::KafkaSourceSettings> settings_;
  std::string label_;
  int worker_ = 0;
  int workers_ = 1;
  bool is_restored_ = false;
  std::vector<SplitPosition> restored_;
  std::function<void()> wake_;
  std::string group_;

  std::shared_ptr<Client> client_;
  QueuePtr queue_;
  std::unique_ptr<PartitionDiscovery> discovery_;
  /// Stable addresses: batches point to the names.
  std::deque<Partition> partitions_;
  size_t unfinished_ = 0;
  std::unique_ptr<RateLimiter> limiter_;

  /// [given_first_, first_): in the last batch. [first_, size): still to come.
  std::vector<rd_kafka_message_t*> buffer_;
  size_t given_first_ = 0;
  size_t first_ = 0;
  size_t buffered_ = 0;
  bool warned_ = false;
};

}  // namespace weir::kafka
