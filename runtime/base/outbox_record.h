#pragma once
// A record of a sink's output with everything fixed that its delivery must not decide again: topic,
// partition, time and headers (see exactly-once: the outbox).

#include <cstdint>
#include <string_view>
#include <vector>

#include "weir/time.h"

namespace weir {

struct OutboxHeader {
  std::string_view name;
  std::string_view value;
  bool has_value = true;
  friend bool operator==(const OutboxHeader&, const OutboxHeader&) = default;
};

/// Views into someone else's bytes.
struct OutboxRecord {
  std::string_view topic;
  int32_t partition = 0;
  std::string_view key;
  bool has_key = false;
  std::string_view value;
  bool has_value = true;
  Timestamp time{};
  std::vector<OutboxHeader> headers;
  friend bool operator==(const OutboxRecord&, const OutboxRecord&) = default;
};

}  // namespace weir
