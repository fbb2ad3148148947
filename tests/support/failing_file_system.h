#pragma once
// A real file system on which chosen operations fail: the disk is full, a sync does not come through. Every
// operation that changes something is counted; reads are not.

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/file_system.h"

namespace weir::test {

class FailingFileSystem final : public FileSystem {
 public:
  explicit FailingFileSystem(FileSystem& real = real_file_system()) : real_(real) {}

  /// The n-th changing operation from now (1: the next) fails, and `times - 1` after it.
  void fail_at(uint64_t n, uint64_t times = 1) {
    const std::lock_guard lock(mutex_);
    fail_from_ = done_ + n;
    fail_times_ = times;
  }
  void heal() { fail_at(std::numeric_limits<uint64_t>::max() / 2, 0); }
  uint64_t operations() const {
    const std::lock_guard lock(mutex_);
    return done_;
  }
  /// Every operation so far: "create <path>", "sync_directory <path>" …
  std::vector<std::string> journal() const {
    const std::lock_guard lock(mutex_);
    return journal_;
  }

  absl::StatusOr<std::unique_ptr<WritableFile>> create(const std::string& path) override {
    if (absl::Status s = next("create", path); !s.ok()) return s;
    auto file = real_.create(path);
    if (!file.ok()) return file.status();
    return std::make_unique<File>(*this, *std::move(file), path);
  }
  absl::StatusOr<std::string> read(const std::string& path, uint64_t offset, uint64_t size) override {
    note("read", path);
    return real_.read(path, offset, size);
  }
  absl::StatusOr<uint64_t> size(const std::string& path) override { return real_.size(path); }
  /// From now on a rename that fails was carried out all the same: its answer was lost.
  void lose_answers_of_renames() { answers_lost_ = true; }

  absl::Status rename(const std::string& from, const std::string& to) override {
    absl::Status s = next("rename", to);
    if (!s.ok() && answers_lost_) (void)real_.rename(from, to);
    return s.ok() ? real_.rename(from, to) : s;
  }
  absl::Status link(const std::string& from, const std::string& to) override {
    absl::Status s = next("link", to);
    return s.ok() ? real_.link(from, to) : s;
  }
  absl::Status remove(const std::string& path) override {
    absl::Status s = next("remove", path);
    return s.ok() ? real_.remove(path) : s;
  }
  absl::StatusOr<std::vector<std::string>> list(const std::string& directory) override {
    note("list", directory);
    return real_.list(directory);
  }
  absl::Status make_directories(const std::string& directory) override {
    absl::Status s = next("make_directories", directory);
    return s.ok() ? real_.make_directories(directory) : s;
  }
  absl::Status remove_tree(const std::string& directory) override {
    absl::Status s = next("remove_tree", directory);
    return s.ok() ? real_.remove_tree(directory) : s;
  }
  absl::Status sync_directory(const std::string& directory) override {
    absl::Status s = next("sync_directory", directory);
    return s.ok() ? real_.sync_directory(directory) : s;
  }

 private:
  class File final : public WritableFile {
   public:
    File(FailingFileSystem& owner, std::unique_ptr<WritableFile> real, std::string path)
        : owner_(owner), real_(std::move(real)), path_(std::move(path)) {}
    absl::Status append(std::string_view bytes) override {
      absl::Status s = owner_.next("append", path_);
      // A full disk takes what still fits.
      if (!s.ok()) return (void)real_->append(bytes.substr(0, bytes.size() / 2)), s;
      return real_->append(bytes);
    }
    absl::Status sync() override {
      absl::Status s = owner_.next("sync", path_);
      return s.ok() ? real_->sync() : s;
    }
    absl::Status close() override {
      absl::Status s = owner_.next("close", path_);
      return s.ok() ? real_->close() : s;
    }

   private:
    FailingFileSystem& owner_;
    std::unique_ptr<WritableFile> real_;
    std::string path_;
  };

  void note(const char* operation, const std::string& path) {
    const std::lock_guard lock(mutex_);
    journal_.push_back(std::string(operation) + " " + path);
  }
  absl::Status next(const char* operation, const std::string& path) {
    const std::lock_guard lock(mutex_);
    ++done_;
    journal_.push_back(std::string(operation) + " " + path);
    if (done_ < fail_from_ || done_ >= fail_from_ + fail_times_) return absl::OkStatus();
    return absl::ResourceExhaustedError(std::string("cannot ") + operation + " " + path +
                                        ": No space left on device");
  }

  FileSystem& real_;
  mutable std::mutex mutex_;
  uint64_t done_ = 0;
  uint64_t fail_from_ = std::numeric_limits<uint64_t>::max() / 2;
  uint64_t fail_times_ = 0;
  std::vector<std::string> journal_;
  bool answers_lost_ = false;
};

}  // namespace weir::test
