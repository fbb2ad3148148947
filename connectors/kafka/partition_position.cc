#include "connectors/kafka/partition_position.h"

#include <charconv>

#include "absl/strings/str_cat.h"

namespace weir::kafka {

namespace {
bool parse_offset(std::string_view text, int64_t& offset) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
  return error == std::errc{} && end == text.data() + text.size() && offset >= 0;
}
}  // namespace

std::string split_name(std::string_view topic, int32_t partition) {
  return absl::StrCat(absl::string_view(topic.data(), topic.size()), "/", partition);
}

std::string PartitionPosition::to_string() const {
  return end ? absl::StrCat(next, "..", *end) : absl::StrCat(next);
}

absl::StatusOr<PartitionPosition> PartitionPosition::parse(std::string_view text) {
  PartitionPosition position;
  const size_t dots = text.find("..");
  bool good = parse_offset(text.substr(0, dots), position.next);
  if (good && dots != std::string_view::npos) {
    int64_t end = 0;
    good = parse_offset(text.substr(dots + 2), end);
    position.end = end;
  }
  if (good) return position;
  return absl::InvalidArgumentError(
      absl::StrCat("'", std::string(text), "' is no position in a Kafka partition (an offset)"));
}

}  // namespace weir::kafka
