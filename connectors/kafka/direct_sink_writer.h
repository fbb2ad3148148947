#pragma once
// The at-least-once writer: records go to Kafka at once, a checkpoint waits until they are written.

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "connectors/kafka/client.h"
#include "connectors/kafka/record_placement.h"
#include "connectors/kafka/topic_facts.h"
#include "weir/detail/kafka_settings.h"
#include "weir/sink.h"

namespace weir::kafka {

class DirectSinkWriter final : public RawWriter {
 public:
  DirectSinkWriter(std::shared_ptr<const detail::KafkaSinkSettings> settings,
                   std::shared_ptr<SharedTopicFacts> facts);
  ~DirectSinkWriter() override;

  absl::Status open(SinkContext context) override;
  absl::Status append(const OutputRecord& record) override;
  /// The job waits for the delivery reports of everything appended before.
  SealJob seal(Epoch epoch) override;
  bool ready() const override;

 private:
  /// Shared with seal's jobs, which run on other threads.
  struct Producer {
    std::string name;
    std::string brokers;
    std::shared_ptr<Client> client;
    QueuePtr reports;
    TopicPtr topic;
    std::function<void()> wake;
    std::mutex mutex;
    /// Records without a report yet, by the epoch they belong to, counted from 0 at open.
    std::map<uint64_t, uint64_t> outstanding;
    uint64_t waiting = 0;
    absl::Status failure;

    ~Producer();
    bool full();
    void drain(int wait_ms);
    absl::Status status();
    /// Everything up to this epoch.
    absl::Status await(uint64_t epoch);
  };

  /// Records that may wait in librdkafka before the sink holds the pipeline back.
  static constexpr uint64_t kMaxWaiting = 50'000;

  std::shared_ptr<const detail::KafkaSinkSettings> settings_;
  std::shared_ptr<SharedTopicFacts> facts_;
  std::optional<RecordPlacement> placement_;
  std::shared_ptr<Producer> producer_;
  uint64_t epoch_ = 0;
};

}  // namespace weir::kafka
