#include "connectors/kafka/marker.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace weir::kafka {

std::string Marker::to_json() const {
  return nlohmann::ordered_json{
      {"version", kMarkerVersion}, {"job", job},     {"incarnation", incarnation}, {"epoch", epoch.number},
      {"cut", cut.to_string()},    {"owner", owner}, {"records", records},         {"claim", claim}}
      .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

absl::StatusOr<Marker> Marker::parse(std::string_view json) {
  const auto bad = [&](std::string_view what) {
    return absl::DataLossError(absl::StrCat("this is no marker of Weir (", std::string(what),
                                            "): ", std::string(json.substr(0, 200))));
  };
  const nlohmann::json value = nlohmann::json::parse(json, nullptr, false);
  if (!value.is_object()) return bad("not a JSON object");
  const auto text = [&](const char* name) {
    const auto at = value.find(name);
    return at != value.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  const auto number = [&](const char* name) -> std::optional<uint64_t> {
    const auto at = value.find(name);
    if (at == value.end() || !at->is_number_unsigned()) return std::nullopt;
    return at->get<uint64_t>();
  };
  const auto version = number("version");
  if (!version) return bad("no version");
  if (*version != kMarkerVersion) {
    return absl::UnimplementedError(absl::StrCat("the marker has version ", *version, "; this program reads ",
                                                 kMarkerVersion, "; use the program that wrote it"));
  }
  Marker marker;
  const auto epoch = number("epoch");
  const auto records = number("records");
  const auto claim = number("claim");
  if (!epoch || !records || !claim || !marker.cut.parse(text("cut")))
    return bad("a field is missing or wrong");
  marker.job = text("job");
  marker.incarnation = text("incarnation");
  marker.owner = text("owner");
  marker.epoch = Epoch{*epoch};
  marker.records = *records;
  marker.claim = *claim;
  return marker;
}

std::string Marker::describe() const {
  return absl::StrCat("epoch ", epoch.number, " (cut ", cut.to_string(), ", claim ", claim, ", owner '",
                      owner, "', incarnation ", incarnation, ")");
}

}  // namespace weir::kafka
