#include "connectors/file/file_paths.h"

#include <glob.h>

#include <set>

#include "absl/strings/str_cat.h"
#include "connectors/file/input_file.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

constexpr size_t kMaxFiles = 10000;

bool is_pattern(const std::string& path) { return path.find_first_of("*?[") != std::string::npos; }

absl::Status expand_pattern(const std::string& pattern, std::vector<std::string>& paths) {
  glob_t found{};
  const int result = ::glob(pattern.c_str(), GLOB_ERR, nullptr, &found);
  for (size_t i = 0; result == 0 && i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  if (result == 0) return absl::OkStatus();
  if (result == GLOB_NOMATCH) return absl::NotFoundError(absl::StrCat("no file matches ", pattern));
  return absl::UnavailableError(
      absl::StrCat("cannot look for files that match ", pattern,
                   result == GLOB_NOSPACE ? ": no memory" : ": a directory is not readable"));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> expand_paths(const std::vector<std::string>& patterns) {
  std::vector<std::string> paths;
  for (const std::string& pattern : patterns) {
    if (is_pattern(pattern)) {
      WEIR_RETURN_IF_ERROR(expand_pattern(pattern, paths));
    } else {
      paths.push_back(pattern);
    }
  }
  if (paths.empty())
    return absl::InvalidArgumentError("file source: the options `path` and `paths` are empty");
  if (paths.size() > kMaxFiles) {
    return absl::InvalidArgumentError(
        absl::StrCat("file source: ", paths.size(), " files; at most ", kMaxFiles,
                     " can be read by one source: join them or use several jobs"));
  }
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    if (!seen.insert(path).second)
      return absl::InvalidArgumentError("file source: " + path + " is named twice");
    WEIR_RETURN_IF_ERROR(InputFile::open(path).status());
  }
  return paths;
}

}  // namespace weir
