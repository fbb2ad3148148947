#include "state/delta_file.h"

#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <queue>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "state/file_checksum.h"
#include "state/key_ranges.h"
#include "state/rocksdb_options.h"
#include "weir/detail/coding.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

/// SstFileWriter with our errors and our checksum.
class DeltaWriter {
 public:
  DeltaWriter(const rocksdb::Options& options, const std::string& path)
      : writer_(rocksdb::EnvOptions(), options, nullptr, /*invalidate_page_cache=*/false), path_(path) {}

  absl::Status open() { return check(writer_.Open(path_)); }
  absl::Status put(std::string_view key, std::string_view value) {
    return check(writer_.Put(slice(key), slice(value)));
  }
  absl::Status remove(std::string_view key) { return check(writer_.Delete(slice(key))); }
  absl::Status remove_range(const KeyRange& range) {
    return check(writer_.DeleteRange(slice(range.first), slice(range.second)));
  }
  absl::StatusOr<WrittenFile> finish() {
    rocksdb::ExternalSstFileInfo info;
    WEIR_RETURN_IF_ERROR(check(writer_.Finish(&info)));  // syncs
    WEIR_ASSIGN_OR_RETURN(const uint64_t checksum,
                          from_rocksdb_checksum(path_, info.file_checksum_func_name, info.file_checksum));
    return WrittenFile{info.file_size, checksum};
  }

 private:
  absl::Status check(const rocksdb::Status& status) const {
    if (status.ok()) return absl::OkStatus();
    return to_absl(status, absl::StrCat("cannot write state file ", path_));
  }

  rocksdb::SstFileWriter writer_;
  std::string path_;
};

/// An entry with the bytes that order it most, so that most comparisons stay within it.
struct SortedEntry {
  uint64_t head;
  const char* bytes;
  uint32_t key_size;
  uint32_t value_size;
  uint32_t order;
  bool deleted;
  std::string_view key() const { return {bytes, key_size}; }
};

uint64_t head_of(std::string_view key, size_t skip) {
  uint64_t head = 0;
  if (key.size() > skip) std::memcpy(&head, key.data() + skip, std::min<size_t>(8, key.size() - skip));
  return __builtin_bswap64(head);
}

/// How many leading bytes all keys share.
size_t common_prefix(absl::Span<const detail::FrozenEntries> parts) {
  std::string_view first;
  size_t length = std::string_view::npos;
  for (const detail::FrozenEntries& part : parts) {
    for (const auto& entry : part.entries()) {
      const std::string_view key = part.key(entry);
      if (length == std::string_view::npos) {
        first = key;
        length = key.size();
      }
      length = std::min(length, key.size());
      if (std::memcmp(first.data(), key.data(), length) != 0)
        length = static_cast<size_t>(std::mismatch(key.begin(), key.begin() + length, first.begin()).first -
                                     key.begin());
    }
  }
  return length;
}

std::vector<SortedEntry> sorted(absl::Span<const detail::FrozenEntries> parts) {
  size_t count = 0;
  for (const detail::FrozenEntries& part : parts) count += part.entries().size();
  std::vector<SortedEntry> entries;
  entries.reserve(count);
  const size_t skip = common_prefix(parts);
  for (const detail::FrozenEntries& part : parts) {
    for (const auto& entry : part.entries()) {
      const std::string_view key = part.key(entry);
      entries.push_back({head_of(key, skip), key.data(), entry.key_size, entry.value_size,
                         static_cast<uint32_t>(entries.size()), entry.deleted});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const SortedEntry& a, const SortedEntry& b) {
    if (a.head != b.head) return a.head < b.head;
    const int compared = a.key().compare(b.key());
    return compared != 0 ? compared < 0 : a.order > b.order;
  });
  return entries;
}

}  // namespace

absl::StatusOr<WrittenFile> write_delta_file(const rocksdb::Options& options, const std::string& path,
                                             absl::Span<const detail::FrozenEntries> parts,
                                             Removals& removals) {
  DeltaWriter writer(options, path);
  WEIR_RETURN_IF_ERROR(writer.open());
  const std::vector<SortedEntry> entries = sorted(parts);
  std::string_view last;
  bool any = false;
  for (const SortedEntry& entry : entries) {
    const std::string_view key = entry.key();
    if (any && key == last) continue;
    any = true;
    last = key;
    if (entry.deleted) {
      WEIR_RETURN_IF_ERROR(writer.remove(key));
      detail::put_bytes(removals.keys, key);
    } else {
      WEIR_RETURN_IF_ERROR(writer.put(key, {entry.bytes + entry.key_size, entry.value_size}));
    }
  }
  for (const detail::FrozenEntries& part : parts)
    removals.ranges.insert(removals.ranges.end(), part.ranges().begin(), part.ranges().end());
  make_disjoint(removals.ranges);
  for (const KeyRange& range : removals.ranges) WEIR_RETURN_IF_ERROR(writer.remove_range(range));
  return writer.finish();
}

namespace {

/// One input of a merge: its puts or its removed keys, in order.
class Run {
 public:
  /// `keys` outlives the run.
  Run(size_t age, const std::string& keys) : age_(age), removed_(keys) { next(); }
  Run(size_t age, std::unique_ptr<rocksdb::SstFileReader> reader)
      : age_(age), reader_(std::move(reader)), removed_({}), at_(reader_->NewIterator(bulk_read_options())) {
    at_->SeekToFirst();
    show();
  }

  bool valid() const { return valid_; }
  size_t age() const { return age_; }
  std::string_view key() const { return key_; }
  bool is_removal() const { return at_ == nullptr; }
  std::string_view value() const { return view(at_->value()); }
  rocksdb::Status status() const { return at_ == nullptr ? rocksdb::Status::OK() : at_->status(); }

  void next() {
    if (at_ == nullptr) {
      valid_ = !removed_.at_end();
      if (valid_) key_ = removed_.bytes();
    } else {
      at_->Next();
      show();
    }
  }

 private:
  void show() {
    valid_ = at_->Valid();
    if (valid_) key_ = view(at_->key());
  }

  size_t age_;
  std::unique_ptr<rocksdb::SstFileReader> reader_;
  detail::ByteReader removed_;
  std::unique_ptr<rocksdb::Iterator> at_;
  std::string_view key_;
  bool valid_ = false;
};

/// For a heap whose top is the least key and, of equal ones, the newest input.
struct ComesLater {
  bool operator()(const Run* a, const Run* b) const {
    const int compared = a->key().compare(b->key());
    return compared != 0 ? compared > 0 : a->age() < b->age();
  }
};

absl::Status merge_runs(absl::Span<const std::unique_ptr<Run>> runs,
                        absl::Span<const std::vector<KeyRange>> removed_later, DeltaWriter& writer) {
  std::priority_queue<Run*, std::vector<Run*>, ComesLater> heap;
  const auto enter = [&heap](Run* run) {
    if (run->valid()) heap.push(run);
    return to_absl(run->status(), "cannot read a state file");
  };
  for (const auto& run : runs) WEIR_RETURN_IF_ERROR(enter(run.get()));
  std::string last;
  bool any = false;
  while (!heap.empty()) {
    Run* run = heap.top();
    heap.pop();
    if (!any || run->key() != last) {
      any = true;
      last = run->key();
      if (!covers(removed_later[run->age()], last))
        WEIR_RETURN_IF_ERROR(run->is_removal() ? writer.remove(last) : writer.put(last, run->value()));
    }
    run->next();
    WEIR_RETURN_IF_ERROR(enter(run));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WrittenFile> merge_delta_files(const rocksdb::Options& options,
                                              absl::Span<const DeltaInput> inputs,
                                              const std::string& output) {
  std::vector<std::unique_ptr<Run>> runs;
  // What newer inputs take away from input i.
  std::vector<std::vector<KeyRange>> removed_later(inputs.size());
  std::vector<KeyRange> ranges;
  for (size_t age = inputs.size(); age-- > 0;) {
    removed_later[age] = ranges;
    ranges.insert(ranges.end(), inputs[age].removals->ranges.begin(), inputs[age].removals->ranges.end());
    make_disjoint(ranges);
    auto reader = std::make_unique<rocksdb::SstFileReader>(options);
    if (const rocksdb::Status opened = reader->Open(inputs[age].path); !opened.ok())
      return to_absl(opened, absl::StrCat("cannot read state file ", inputs[age].path));
    runs.push_back(std::make_unique<Run>(age, std::move(reader)));
    runs.push_back(std::make_unique<Run>(age, inputs[age].removals->keys));
  }
  DeltaWriter writer(options, output);
  WEIR_RETURN_IF_ERROR(writer.open());
  WEIR_RETURN_IF_ERROR(merge_runs(runs, removed_later, writer));
  for (const KeyRange& range : ranges) WEIR_RETURN_IF_ERROR(writer.remove_range(range));
  return writer.finish();
}

}  // namespace weir
