#include "checkpoint/manifest_name.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "checkpoint/manifest_format.h"

namespace weir {

namespace {
constexpr std::string_view kPrefix = "manifest-";
constexpr std::string_view kSuffix = ".json";
constexpr size_t kDigits = 20;
}  // namespace

std::string manifest_name(Epoch epoch) { return absl::StrFormat("manifest-%020d.json", epoch.number); }

std::optional<ManifestName> parse_manifest_name(std::string_view name) {
  ManifestName parsed;
  if (name.size() > kTemporarySuffix.size() &&
      name.substr(name.size() - kTemporarySuffix.size()) == kTemporarySuffix) {
    parsed.temporary = true;
    name.remove_suffix(kTemporarySuffix.size());
  }
  if (name.size() != kPrefix.size() + kDigits + kSuffix.size() || name.substr(0, kPrefix.size()) != kPrefix ||
      name.substr(kPrefix.size() + kDigits) != kSuffix) {
    return std::nullopt;
  }
  const std::string_view digits = name.substr(kPrefix.size(), kDigits);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos ||
      !absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &parsed.epoch.number) ||
      parsed.epoch.number > manifest_format::kMaxEpoch) {
    return std::nullopt;
  }
  return parsed;
}

}  // namespace weir
