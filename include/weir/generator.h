#pragma once
// A source that makes its records: for tests, benchmarks and examples.
//
//   weir::generator<Trade>({.make = [](uint64_t i) { return Trade{symbols[i % 10], 100.0 + i % 7}; },
//                           .count = 1'000'000, .rate = 50'000})

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weir/detail/generator_splits.h"
#include "weir/source.h"

namespace weir {

template <class T>
struct GeneratorOptions {
  /// The record of this index. Called from several threads at once, and again with the same indices after a
  /// restart: equal indices must give equal records.
  std::function<T(uint64_t index)> make = nullptr;
  /// Indices 0 to count - 1; 0: no end.
  uint64_t count = 0;
  /// Records a second over all workers; 0: as fast as they are taken.
  double rate = 0;
  /// Split s of n makes indices s, s + n, s + 2n …; 0: one split for each worker of the first start. A
  /// restored job keeps the number it started with.
  int splits = 0;
  /// The record's event time. Without it the stream's timestamp option gives one.
  std::function<Timestamp(const T& record)> timestamp = nullptr;
};

namespace detail {

template <class T>
class GeneratorReader final : public SourceReader<T> {
 public:
  explicit GeneratorReader(std::shared_ptr<const GeneratorOptions<T>> options)
      : options_(std::move(options)) {}

  absl::Status open(SourceContext context) override {
    return splits_.open(context, {options_->count, options_->rate, options_->splits});
  }

  absl::StatusOr<Poll> poll(size_t max_records, Batch<T>& batch) override {
    GeneratorSplits::Run run;
    const Poll poll = splits_.next(max_records, run);
    if (run.size == 0) return poll;
    batch.split = run.split;
    batch.values.reserve(run.size);
    batch.offsets.reserve(run.size);
    uint64_t index = run.first;
    for (size_t i = 0; i < run.size; ++i, index += run.step) {
      batch.values.push_back(options_->make(index));
      batch.offsets.push_back(static_cast<int64_t>(index));
      if (options_->timestamp != nullptr) batch.times.push_back(options_->timestamp(batch.values.back()));
    }
    splits_.made(run);
    return poll;
  }

  std::vector<SplitPosition> positions() const override { return splits_.positions(); }

 private:
  std::shared_ptr<const GeneratorOptions<T>> options_;
  GeneratorSplits splits_;
};

template <class T>
class GeneratorFactory final : public SourceFactory<T> {
 public:
  explicit GeneratorFactory(GeneratorOptions<T> options)
      : options_(std::make_shared<const GeneratorOptions<T>>(std::move(options))) {}

  std::string describe() const override {
    return describe_generator({options_->count, options_->rate, options_->splits});
  }
  absl::Status check() const override {
    if (options_->make == nullptr) return absl::InvalidArgumentError("generator: the option `make` is empty");
    return check_generator({options_->count, options_->rate, options_->splits});
  }
  std::unique_ptr<SourceReader<T>> make() const override {
    return std::make_unique<GeneratorReader<T>>(options_);
  }

 private:
  std::shared_ptr<const GeneratorOptions<T>> options_;
};

}  // namespace detail

template <class T>
Source<T> generator(GeneratorOptions<T> options) {
  return Source<T>(std::make_shared<detail::GeneratorFactory<T>>(std::move(options)));
}

}  // namespace weir
