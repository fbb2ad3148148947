#pragma once
// Reads a JSON document member by member and remembers the first thing that is wrong, with the path of its
// field; after that every read gives an empty value, so that callers need to look once, at the end. Only for
// .cc files: it includes the JSON library.

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// The first problem of a document.
struct JsonProblem {
  std::string field;
  std::string what;
  bool found() const { return !what.empty(); }
};

/// One object of the document. `done` refuses members that nobody asked for.
class JsonReader {
 public:
  using Json = nlohmann::json;

  /// `value` and `problem` outlive the reader.
  JsonReader(const Json& value, std::string path, JsonProblem& problem);

  /// A string, or {"base64": "…"}.
  std::string text(const char* name);
  uint64_t number(const char* name, uint64_t highest);
  int64_t signed_number(const char* name);
  /// A number, or "-infinity" or "+infinity" for the ends of int64.
  int64_t watermark(const char* name);
  /// 16 hexadecimal digits.
  uint64_t checksum(const char* name);
  bool is_null(const char* name);
  /// read(element's reader) -> T for each element of an array of objects.
  template <class Read>
  auto array(const char* name, Read read) {
    std::vector<decltype(read(*this))> values;
    const Json* elements = member(name, Json::value_t::array, "an array");
    if (elements == nullptr) return values;
    for (size_t i = 0; i < elements->size() && !problem_.found(); ++i) {
      JsonReader element((*elements)[i], path_of(name) + "[" + std::to_string(i) + "]", problem_);
      values.push_back(read(element));
      element.done();
    }
    return values;
  }
  std::vector<std::string> texts(const char* name);
  JsonReader object(const char* name);

  void done();
  /// Notes that a member's value cannot be.
  void refuse(const char* name, std::string what);

 private:
  /// The member if it has this type; else null and a problem.
  const Json* member(const char* name, Json::value_t type, const char* expected);
  const Json* find(const char* name);
  std::string text_of(const Json& value, const std::string& path);
  std::string path_of(const char* name) const { return path_.empty() ? name : path_ + "." + name; }
  void note(const std::string& path, std::string what);

  const Json& value_;
  std::string path_;
  JsonProblem& problem_;
  size_t read_ = 0;
};

}  // namespace weir
