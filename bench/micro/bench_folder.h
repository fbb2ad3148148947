#pragma once
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace weir::bench {

/// A folder that is removed at the end; in TMPDIR or, by default, /var/tmp, which is a disk.
class BenchFolder {
 public:
  BenchFolder() {
    const char* parent = std::getenv("TMPDIR");
    path_ = std::string(parent != nullptr ? parent : "/var/tmp") + "/weir-bench-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~BenchFolder() { std::filesystem::remove_all(path_); }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace weir::bench
