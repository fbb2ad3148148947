#include "checkpoint/json_reader.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "checkpoint/manifest_format.h"
#include "weir/epoch.h"

namespace weir {

namespace {
const nlohmann::json& empty_object() {
  static const auto* const empty = new nlohmann::json(nlohmann::json::object());
  return *empty;
}
}  // namespace

JsonReader::JsonReader(const Json& value, std::string path, JsonProblem& problem)
    : value_(value.is_object() ? value : empty_object()), path_(std::move(path)), problem_(problem) {
  if (!value.is_object()) note(path_, "is not an object");
}

void JsonReader::note(const std::string& path, std::string what) {
  if (problem_.found()) return;
  problem_.field = path.empty() ? "(document)" : path;
  problem_.what = std::move(what);
}

void JsonReader::refuse(const char* name, std::string what) { note(path_of(name), std::move(what)); }

const JsonReader::Json* JsonReader::find(const char* name) {
  if (problem_.found()) return nullptr;
  const auto at = value_.find(name);
  if (at == value_.end()) {
    refuse(name, "is missing");
    return nullptr;
  }
  ++read_;
  return &*at;
}

const JsonReader::Json* JsonReader::member(const char* name, Json::value_t type, const char* expected) {
  const Json* value = find(name);
  if (value == nullptr) return nullptr;
  if (value->type() == type) return value;
  refuse(name, absl::StrCat("is not ", expected));
  return nullptr;
}

std::string JsonReader::text_of(const Json& value, const std::string& path) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (value.is_object() && value.size() == 1) {
    const auto base64 = value.find("base64");
    std::string bytes;
    if (base64 != value.end() && base64->is_string() &&
        absl::Base64Unescape(base64->get_ref<const std::string&>(), &bytes)) {
      return bytes;
    }
  }
  note(path, "is neither a string nor {\"base64\": …}");
  return {};
}

std::string JsonReader::text(const char* name) {
  const Json* value = find(name);
  return value == nullptr ? std::string() : text_of(*value, path_of(name));
}

std::vector<std::string> JsonReader::texts(const char* name) {
  std::vector<std::string> values;
  const Json* elements = member(name, Json::value_t::array, "an array");
  if (elements == nullptr) return values;
  for (size_t i = 0; i < elements->size(); ++i) {
    values.push_back(text_of((*elements)[i], absl::StrCat(path_of(name), "[", i, "]")));
  }
  return values;
}

uint64_t JsonReader::number(const char* name, uint64_t highest) {
  const Json* value = member(name, Json::value_t::number_unsigned, "a whole number");
  if (value == nullptr) return 0;
  const auto number = value->get<uint64_t>();
  if (number <= highest) return number;
  refuse(name, absl::StrCat("is ", number, ", more than the ", highest, " that can be"));
  return 0;
}

int64_t JsonReader::signed_number(const char* name) {
  const Json* value = find(name);
  if (value == nullptr) return 0;
  if (value->is_number_unsigned()) {
    const auto number = value->get<uint64_t>();
    if (number <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return static_cast<int64_t>(number);
  } else if (value->is_number_integer()) {
    return value->get<int64_t>();
  }
  refuse(name, "is not a whole number of 64 bits");
  return 0;
}

int64_t JsonReader::watermark(const char* name) {
  const auto at = value_.find(name);
  if (at != value_.end() && at->is_string()) {
    const std::string word = text(name);
    if (word == manifest_format::kMinusInfinity) return std::numeric_limits<int64_t>::min();
    if (word == manifest_format::kPlusInfinity) return std::numeric_limits<int64_t>::max();
    refuse(name, "is neither a number nor -infinity or +infinity");
    return 0;
  }
  return signed_number(name);
}

uint64_t JsonReader::checksum(const char* name) {
  const std::string digits = text(name);
  Cut both;  // its notation is that of two checksums
  if (both.parse(digits + digits)) return both.low;
  refuse(name, "is not 16 hexadecimal digits");
  return 0;
}

bool JsonReader::is_null(const char* name) {
  const auto at = value_.find(name);
  if (at == value_.end() || !at->is_null()) return false;
  ++read_;
  return true;
}

JsonReader JsonReader::object(const char* name) {
  const Json* value = member(name, Json::value_t::object, "an object");
  return {value == nullptr ? empty_object() : *value, path_of(name), problem_};
}

void JsonReader::done() {
  // Each member was asked for once, so a surplus is a member that this version does not know.
  if (!problem_.found() && read_ != value_.size()) note(path_, "has members that this version does not know");
}

}  // namespace weir
