#pragma once
// key_by's half of the exchange that knows the type: hashes each key once and scatters records to their
// workers.

#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "weir/batch.h"
#include "weir/detail/key_extractor.h"

namespace weir::detail {

/// The worker that owns key group g of M with P workers: g * P / M.
inline int worker_of_group(uint32_t group, uint32_t key_groups, int workers) {
  return static_cast<int>(static_cast<uint64_t>(group) * static_cast<uint64_t>(workers) / key_groups);
}

/// One per task and exchange; the task's thread.
class Partitioner {
 public:
  virtual ~Partitioner() = default;
  /// Gives whole batches to send(worker, batch), at once when full.
  virtual void scatter(BatchPtr batch, absl::FunctionRef<void(int worker, BatchPtr)> send) = 0;
  /// Gives what waits, however little: before a watermark, a barrier or the end.
  virtual void flush(absl::FunctionRef<void(int worker, BatchPtr)> send) = 0;
};

struct PartitionerOptions {
  int workers = 1;
  uint32_t key_groups = 1024;
  size_t batch_size = kMaxBatchSize;
};

class PartitionerFactory {
 public:
  virtual ~PartitionerFactory() = default;
  virtual std::unique_ptr<Partitioner> make(PartitionerOptions options) const = 0;
};

template <class K, class T>
class KeyPartitioner final : public Partitioner {
 public:
  KeyPartitioner(std::shared_ptr<const KeyExtractor<K, T>> extractor, PartitionerOptions options)
      : extractor_(std::move(extractor)),
        options_(options),
        waiting_(options.workers),
        worker_of_(options.key_groups) {
    for (uint32_t group = 0; group < options.key_groups; ++group)
      worker_of_[group] = static_cast<uint16_t>(worker_of_group(group, options.key_groups, options.workers));
  }

  void scatter(BatchPtr base, absl::FunctionRef<void(int, BatchPtr)> send) override {
    auto& batch = static_cast<Batch<T>&>(*base);
    const size_t count = batch.values.size();
    extractor_->extract(batch.values, column_);
    batch.hashes.resize(count);
    for (size_t i = 0; i < count; ++i) batch.hashes[i] = hash_key(column_[i]);
    if (options_.workers == 1) {  // nothing moves: positions stay for error messages
      if (count > 0) send(0, std::move(base));
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      const int worker = worker_of_[batch.hashes[i] % options_.key_groups];
      std::unique_ptr<Batch<T>>& to = waiting_[worker];
      if (to == nullptr) {
        to = std::make_unique<Batch<T>>();
        to->reserve(options_.batch_size);
        to->hashes.reserve(options_.batch_size);
      }
      to->values.push_back(std::move(batch.values[i]));
      to->times.push_back(batch.times[i]);
      to->hashes.push_back(batch.hashes[i]);
      if (to->values.size() >= options_.batch_size) send(worker, std::move(to));
    }
  }

  void flush(absl::FunctionRef<void(int, BatchPtr)> send) override {
    for (size_t worker = 0; worker < waiting_.size(); ++worker)
      if (waiting_[worker] != nullptr) send(static_cast<int>(worker), std::move(waiting_[worker]));
  }

 private:
  std::shared_ptr<const KeyExtractor<K, T>> extractor_;
  PartitionerOptions options_;
  KeyColumn<K> column_;
  std::vector<std::unique_ptr<Batch<T>>> waiting_;
  std::vector<uint16_t> worker_of_;
};

template <class K, class T>
class KeyPartitionerFactory final : public PartitionerFactory {
 public:
  explicit KeyPartitionerFactory(std::shared_ptr<const KeyExtractor<K, T>> extractor)
      : extractor_(std::move(extractor)) {}
  std::unique_ptr<Partitioner> make(PartitionerOptions options) const override {
    return std::make_unique<KeyPartitioner<K, T>>(extractor_, options);
  }

 private:
  std::shared_ptr<const KeyExtractor<K, T>> extractor_;
};

}  // namespace weir::detail
