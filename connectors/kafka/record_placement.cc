#include "connectors/kafka/record_placement.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace weir::kafka {

uint32_t murmur2(std::string_view bytes) {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kM = 0x5bd1e995;
  constexpr int kR = 24;
  uint32_t h = kSeed ^ static_cast<uint32_t>(bytes.size());
  size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    uint32_t k = 0;
    std::memcpy(&k, bytes.data() + i, 4);
    k *= kM;
    k ^= k >> kR;
    k *= kM;
    h *= kM;
    h ^= k;
  }
  const auto rest = [&](size_t n) { return static_cast<uint32_t>(static_cast<uint8_t>(bytes[i + n])); };
  switch (bytes.size() - i) {
    case 3: h ^= rest(2) << 16; [[fallthrough]];
    case 2: h ^= rest(1) << 8; [[fallthrough]];
    case 1:
      h ^= rest(0);
      h *= kM;
      break;
    default: break;
  }
  h ^= h >> 13;
  h *= kM;
  h ^= h >> 15;
  return h;
}

int32_t partition_of_key(std::string_view key, int partitions) {
  return static_cast<int32_t>((murmur2(key) & 0x7fffffffU) % static_cast<uint32_t>(partitions));
}

RecordPlacement::RecordPlacement(std::string sink, std::string topic, TopicFacts facts, int first,
                                 const Clock& clock)
    : sink_(std::move(sink)),
      topic_(std::move(topic)),
      facts_(std::move(facts)),
      clock_(clock),
      sticky_(first % facts_.partitions) {}

absl::Status RecordPlacement::check_size(const OutputRecord& record) const {
  const auto size = static_cast<int64_t>(record.key.size() + record.value.size()) + kRecordOverhead;
  if (size <= facts_.message_limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("sink '", sink_, "': a record of ", record.key.size() + record.value.size(),
                   " bytes (key and value) does not fit topic '", topic_, "', which takes at most ",
                   facts_.message_limit, " bytes with ", kRecordOverhead,
                   " for the envelope; raise the topic's max.message.bytes or make records "
                   "smaller"));
}

int32_t RecordPlacement::partition(const OutputRecord& record) {
  if (record.has_key) return partition_of_key(record.key, facts_.partitions);
  if (sticky_bytes_ >= kStickyBytes) {
    sticky_ = (sticky_ + 1) % facts_.partitions;
    sticky_bytes_ = 0;
  }
  sticky_bytes_ += record.value.size() + 1;
  return sticky_;
}

Timestamp RecordPlacement::time(const OutputRecord& record) const {
  // librdkafka takes 0 for "now", and one minute after another is not what a replay may give.
  if (record.time == from_millis(0)) return from_millis(1);
  if (record.time < from_millis(0) || record.time == kMaxTimestamp) return clock_.now();
  return record.time;
}

}  // namespace weir::kafka
