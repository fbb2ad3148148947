#pragma once
#include "weir/batch.h"
#include "weir/epoch.h"
#include "weir/time.h"

namespace weir {

/// What moves through a channel, in order.
struct Item {
  enum class Kind : uint8_t { kBatch, kWatermark, kIdle, kActive, kBarrier, kEnd };

  Kind kind = Kind::kBatch;
  BatchPtr batch;                  ///< kBatch
  Timestamp time = kMinTimestamp;  ///< kWatermark
  Epoch epoch;                     ///< kBarrier

  static Item of(BatchPtr batch) { return {Kind::kBatch, std::move(batch), kMinTimestamp, {}}; }
  static Item watermark(Timestamp time) { return {Kind::kWatermark, nullptr, time, {}}; }
  static Item idle() { return {Kind::kIdle, nullptr, kMinTimestamp, {}}; }
  static Item active() { return {Kind::kActive, nullptr, kMinTimestamp, {}}; }
  static Item barrier(Epoch epoch) { return {Kind::kBarrier, nullptr, kMinTimestamp, epoch}; }
  static Item end() { return {Kind::kEnd, nullptr, kMinTimestamp, {}}; }
};

}  // namespace weir
