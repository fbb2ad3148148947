#pragma once
// A job's exactly-once output without the job: writers that make segments, and targets that deliver them.

#include <memory>
#include <string>
#include <vector>

#include "connectors/kafka/marker.h"
#include "runtime/base/file_system.h"
#include "tests/kafka/broker.h"
#include "tests/support/temporary_directory.h"
#include "weir/kafka.h"

namespace weir::test {

inline KafkaSinkOptions<std::string> sink_options(const std::string& topic) {
  KafkaSinkOptions<std::string> options;
  options.brokers = kafka_bootstrap();
  options.topic = topic;
  return options;
}

/// The job's directory, name and pipeline; outlives the instances that run it.
class OutputJob {
 public:
  explicit OutputJob(KafkaSinkOptions<std::string> options, std::string job = unique_name("job"))
      : job_(std::move(job)), sink_(kafka_sink<std::string>(std::move(options)).factory()) {}

  const std::string& name() const { return job_; }
  std::string outbox() const { return directory_.path(); }
  std::string marker_topic() const { return "weir." + job_ + ".markers"; }
  std::string transactional_id() const {
    const std::string identity = sink_->target()->identify().value();
    return "weir." + job_ + "." + identity.substr(identity.find(':') + 1);
  }
  const SinkFactory<std::string>& sink() const { return *sink_; }

  std::unique_ptr<SinkWriter<std::string>> writer(int worker = 0) {
    SinkContext context{.id = "out", .job = job_, .clock = system_clock()};
    context.worker = worker;
    context.attempt = ++attempt_;
    context.outbox = outbox();
    auto writer = sink_->make();
    const absl::Status status = writer->open(std::move(context));
    if (!status.ok()) throw std::runtime_error(std::string(status.message()));
    return writer;
  }

  /// The output of one epoch, durable.
  EpochOutput epoch(uint64_t number, const std::vector<std::string>& values) {
    EpochOutput output{Epoch{number}, Cut::draw(), {}};
    if (values.empty()) return output;
    auto writing = writer();
    Batch<std::string> batch;
    for (const std::string& value : values) batch.push_back(value, from_millis(1'000'000));
    absl::Status status = writing->write(batch);
    if (!status.ok()) throw std::runtime_error(std::string(status.message()));
    output.segments = writing->seal(Epoch{number})().value();
    return output;
  }

  TargetContext context(const std::string& instance) const {
    TargetContext context;
    context.job = job_;
    context.incarnation = "00112233445566778899aabbccddeeff";
    context.instance = instance;
    context.outbox = outbox();
    context.checkpoint_timeout = Duration{10'000};
    context.cancelled = [] { return false; };
    return context;
  }
  absl::StatusOr<std::unique_ptr<SinkTarget>> open(TargetContext context) const {
    const std::shared_ptr<const TargetFactory> factory = sink_->target();
    const TargetFactory* const sinks[] = {factory.get()};
    return factory->open(std::move(context), sinks);
  }
  std::unique_ptr<SinkTarget> instance(const std::string& name) const {
    auto target = open(context(name));
    if (!target.ok()) throw std::runtime_error(std::string(target.status().message()));
    return *std::move(target);
  }

  /// All markers that a read_committed consumer sees, compaction aside.
  std::vector<kafka::Marker> markers() const {
    std::vector<kafka::Marker> markers;
    for (const KafkaRecord& record : read_committed(marker_topic())) {
      markers.push_back(kafka::Marker::parse(record.value).value());
    }
    return markers;
  }

 private:
  std::string job_;
  std::shared_ptr<const SinkFactory<std::string>> sink_;
  TemporaryDirectory directory_;
  uint64_t attempt_ = 0;
};

inline TargetProgress progress_of(std::vector<EpochOutput> chain) {
  TargetProgress progress;
  progress.chain = std::move(chain);
  return progress;
}
inline TargetProgress progress_of(const EpochOutput& base, std::vector<EpochOutput> chain) {
  TargetProgress progress;
  progress.has_base = true;
  progress.base_epoch = base.epoch;
  progress.base_cut = base.cut;
  progress.chain = std::move(chain);
  return progress;
}

/// Markers never go back: strictly increasing in (epoch, claim).
inline bool strictly_increasing(const std::vector<kafka::Marker>& markers) {
  for (size_t i = 1; i < markers.size(); ++i) {
    const auto before = std::pair(markers[i - 1].epoch, markers[i - 1].claim);
    if (!(before < std::pair(markers[i].epoch, markers[i].claim))) return false;
  }
  return true;
}

}  // namespace weir::test
