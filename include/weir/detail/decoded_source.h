#pragma once
// A connector that delivers bytes, and a codec: a typed source.

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "weir/codec.h"
#include "weir/detail/status_macros.h"
#include "weir/source.h"

namespace weir::detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// source 'trades': cannot decode day.jsonl line 17: member `price`: expected number, found string
absl::Status undecodable(const std::string& source, const std::string& record, const absl::Status& reason);

template <class T>
class DecodedReader final : public SourceReader<T> {
 public:
  DecodedReader(std::unique_ptr<RawReader> raw, Codec<T> codec) : raw_(std::move(raw)), codec_(codec) {}

  absl::Status open(SourceContext context) override {
    id_ = context.id;
    on_bad_record_ = context.on_bad_record;
    return raw_->open(std::move(context));
  }

  absl::StatusOr<Poll> poll(size_t max_records, Batch<T>& batch) override {
    records_.split = nullptr;
    records_.records.clear();
    absl::StatusOr<Poll> polled = raw_->poll(max_records, records_);
    if (!polled.ok() || records_.records.empty()) return polled;
    batch.split = records_.split;
    batch.values.reserve(records_.records.size());
    batch.offsets.reserve(records_.records.size());
    for (const RawRecord& record : records_.records) WEIR_RETURN_IF_ERROR(take(record, batch));
    return polled;
  }

  std::vector<SplitPosition> positions() const override { return raw_->positions(); }
  void on_checkpoint(const std::vector<SplitPosition>& positions) override { raw_->on_checkpoint(positions); }

 private:
  absl::Status take(const RawRecord& record, Batch<T>& batch) {
    if (absl::Status reason = decode(record, batch.values.emplace_back()); !reason.ok()) {
      batch.values.pop_back();
      if (on_bad_record_ != nullptr) return on_bad_record_(record, *records_.split, reason);
      return undecodable(id_, raw_->describe_record(*records_.split, record.offset), reason);
    }
    batch.offsets.push_back(record.offset);
    // No times at all unless some record brings one.
    if (record.time != kMinTimestamp || !batch.times.empty()) {
      batch.times.resize(batch.values.size() - 1, kMinTimestamp);
      batch.times.push_back(record.time);
    }
    return absl::OkStatus();
  }

  absl::Status decode(const RawRecord& record, T& value) const {
    if (record.has_value) return codec_.decode(record.value, value);
    if constexpr (is_optional<T>) {
      value.reset();
      return absl::OkStatus();
    } else {
      return absl::InvalidArgumentError("the record has no value (a tombstone); read it as std::optional");
    }
  }

  std::unique_ptr<RawReader> raw_;
  Codec<T> codec_;
  std::string id_;
  std::function<absl::Status(const RawRecord&, const SplitName&, const absl::Status&)> on_bad_record_;
  RawBatch records_;
};

template <class T>
class DecodedSourceFactory final : public SourceFactory<T> {
 public:
  DecodedSourceFactory(std::shared_ptr<const RawSourceFactory> raw, Codec<T> codec)
      : raw_(std::move(raw)), codec_(codec) {}

  std::string describe() const override { return raw_->describe(); }
  absl::Status check() const override {
    if (codec_.decode == nullptr)
      return absl::InvalidArgumentError(raw_->describe() + ": its codec cannot decode");
    return raw_->check();
  }
  std::unique_ptr<SourceReader<T>> make() const override {
    return std::make_unique<DecodedReader<T>>(raw_->make(), codec_);
  }

 private:
  std::shared_ptr<const RawSourceFactory> raw_;
  Codec<T> codec_;
};

/// The values of an optional are absent where the transport says so (a Kafka tombstone).
template <class T>
Source<T> decoded_source(std::shared_ptr<const RawSourceFactory> raw, Codec<T> codec) {
  return Source<T>(std::make_shared<DecodedSourceFactory<T>>(std::move(raw), codec));
}

}  // namespace weir::detail
