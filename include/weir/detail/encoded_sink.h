#pragma once
// A connector that takes bytes, and a codec: a typed sink.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "weir/codec.h"
#include "weir/detail/decoded_source.h"
#include "weir/detail/status_macros.h"
#include "weir/sink.h"

namespace weir::detail {

/// Appends a record's key. Called from several threads at once.
template <class T>
using KeyWriter = std::function<void(const T& record, std::string& key)>;

/// sink 'bars': cannot encode the record at trades/3 offset 1042: member `price`: NaN has no JSON
absl::Status unencodable(const std::string& sink, const BatchBase& batch, size_t index,
                         const absl::Status& reason);

template <class T>
class EncodedWriter final : public SinkWriter<T> {
 public:
  EncodedWriter(std::unique_ptr<RawWriter> raw, Codec<T> codec, KeyWriter<T> key)
      : raw_(std::move(raw)), codec_(codec), key_(std::move(key)) {}

  absl::Status open(SinkContext context) override {
    id_ = context.id;
    return raw_->open(std::move(context));
  }

  absl::Status write(const Batch<T>& batch) override {
    for (size_t i = 0; i < batch.values.size(); ++i) {
      const T& value = batch.values[i];
      value_bytes_.clear();
      if (absl::Status reason = codec_.encode(value, value_bytes_); !reason.ok())
        return unencodable(id_, batch, i, reason);
      OutputRecord record;
      record.value = value_bytes_;
      record.time = batch.times[i];
      if constexpr (is_optional<T>) record.has_value = value.has_value();
      if (key_ != nullptr) {
        key_bytes_.clear();
        key_(value, key_bytes_);
        record.key = key_bytes_;
        record.has_key = true;
      }
      WEIR_RETURN_IF_ERROR(raw_->append(record));
    }
    return absl::OkStatus();
  }

  SealJob seal(Epoch epoch) override { return raw_->seal(epoch); }
  bool ready() const override { return raw_->ready(); }
  void on_applied(Epoch epoch) override { raw_->on_applied(epoch); }

 private:
  std::unique_ptr<RawWriter> raw_;
  Codec<T> codec_;
  KeyWriter<T> key_;
  std::string id_;
  std::string value_bytes_;
  std::string key_bytes_;
};

template <class T>
class EncodedSinkFactory final : public SinkFactory<T> {
 public:
  EncodedSinkFactory(std::shared_ptr<const RawSinkFactory> raw, Codec<T> codec, KeyWriter<T> key)
      : raw_(std::move(raw)), codec_(codec), key_(std::move(key)) {}

  std::string describe() const override { return raw_->describe(); }
  absl::Status check() const override {
    if (codec_.encode == nullptr)
      return absl::InvalidArgumentError(raw_->describe() + ": its codec cannot encode");
    return raw_->check();
  }
  std::unique_ptr<SinkWriter<T>> make() const override {
    return std::make_unique<EncodedWriter<T>>(raw_->make(), codec_, key_);
  }
  std::shared_ptr<const TargetFactory> target() const override { return raw_->target(); }

 private:
  std::shared_ptr<const RawSinkFactory> raw_;
  Codec<T> codec_;
  KeyWriter<T> key_;
};

/// key null: records have none.
template <class T>
Sink<T> encoded_sink(std::shared_ptr<const RawSinkFactory> raw, Codec<T> codec, KeyWriter<T> key = nullptr) {
  return Sink<T>(std::make_shared<EncodedSinkFactory<T>>(std::move(raw), codec, std::move(key)));
}

}  // namespace weir::detail
