#pragma once
// The unit of every hand-over: 1..1024 typed records that move together.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "weir/time.h"

namespace weir {

inline constexpr size_t kMaxBatchSize = 1024;

/// What a source reads independently: a Kafka partition ("trades/3"), a file (its path). Lives as long as the
/// job.
using SplitName = std::string;

/// A batch whose type is not known here. Owned by one thread at a time.
class BatchBase {
 public:
  virtual ~BatchBase() = default;
  virtual size_t size() const = 0;
  /// A deep copy, for a stream that is used more than once.
  virtual std::unique_ptr<BatchBase> clone() const = 0;

  /// After key_by: the 64-bit hash of each record's key; else empty.
  std::vector<uint64_t> hashes;
  /// Event time of each record.
  std::vector<Timestamp> times;
  /// Before the first exchange: where each record stands in its split (Kafka offset, line of a file); else
  /// empty.
  std::vector<int64_t> offsets;
  /// Before the first exchange: the split that all records come from; else null.
  const SplitName* split = nullptr;
};

using BatchPtr = std::unique_ptr<BatchBase>;

/// values[i], times[i] and, where they are not empty, hashes[i] and offsets[i] belong together.
template <class T>
class Batch final : public BatchBase {
 public:
  size_t size() const override { return values.size(); }
  BatchPtr clone() const override { return std::make_unique<Batch>(*this); }

  void reserve(size_t count) {
    values.reserve(count);
    times.reserve(count);
  }
  void push_back(T value, Timestamp time) {
    values.push_back(std::move(value));
    times.push_back(time);
  }
  void clear() {
    values.clear();
    times.clear();
    hashes.clear();
    offsets.clear();
    split = nullptr;
  }

  std::vector<T> values;
};

}  // namespace weir
