#include "state/rescale.h"

#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "state/file_checksum.h"
#include "state/ingest.h"
#include "state/restore.h"
#include "state/rocksdb_options.h"
#include "weir/detail/coding.h"
#include "weir/detail/state_key.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

/// Key groups [first, end).
struct GroupRange {
  uint32_t first;
  uint32_t end;
};

/// The groups g with g * workers / key_groups == worker.
GroupRange groups_of(size_t worker, size_t workers, uint32_t key_groups) {
  const auto first_of = [&](uint64_t w) {
    return static_cast<uint32_t>((w * key_groups + workers - 1) / workers);
  };
  return {first_of(worker), first_of(worker + 1)};
}

/// Sorted entries into files of a bounded size, each ingested when it is full.
class IngestingWriter {
 public:
  IngestingWriter(const rocksdb::Options& options, std::string folder, rocksdb::DB& target)
      : options_(options), folder_(std::move(folder)), target_(target) {}

  absl::Status put(const std::string& key, const rocksdb::Slice& value) {
    if (!writer_) {
      path_ = absl::StrCat(folder_, "/rescale-", files_++, ".sst");
      writer_.emplace(rocksdb::EnvOptions(), options_, nullptr, /*invalidate_page_cache=*/false);
      WEIR_RETURN_IF_ERROR(check(writer_->Open(path_)));
    }
    WEIR_RETURN_IF_ERROR(check(writer_->Put(key, value)));
    return writer_->FileSize() < kFileBytes ? absl::OkStatus() : finish_file();
  }

  absl::Status finish_file() {
    if (!writer_) return absl::OkStatus();
    rocksdb::ExternalSstFileInfo info;
    WEIR_RETURN_IF_ERROR(check(writer_->Finish(&info)));
    writer_.reset();
    WEIR_ASSIGN_OR_RETURN(const uint64_t checksum,
                          from_rocksdb_checksum(path_, info.file_checksum_func_name, info.file_checksum));
    return ingest_file(target_, path_, checksum);
  }

 private:
  static constexpr uint64_t kFileBytes = 64 << 20;

  absl::Status check(const rocksdb::Status& status) const {
    return to_absl(status, absl::StrCat("cannot write state file ", path_));
  }

  const rocksdb::Options& options_;
  const std::string folder_;
  rocksdb::DB& target_;
  std::optional<rocksdb::SstFileWriter> writer_;
  std::string path_;
  size_t files_ = 0;
};

/// Copies the entries of one state whose group is wanted; `number` is the state's number in the target.
absl::Status copy_state(rocksdb::DB& source, const StateEntry& state, uint16_t number, GroupRange wanted,
                        IngestingWriter& writer) {
  const size_t group_at = detail::group_offset(static_cast<detail::KeyLayout>(state.layout));
  std::string state_prefix;
  detail::put_big_endian16(state_prefix, state.number);
  const std::unique_ptr<rocksdb::Iterator> at(source.NewIterator(bulk_read_options()));
  std::string key;
  at->Seek(state_prefix);
  while (at->Valid() && at->key().starts_with(state_prefix)) {
    key = at->key().ToString();
    if (key.size() < group_at + 2)
      return absl::DataLossError(
          absl::StrCat("a key of state ", state.operator_id, "/", state.name, " is too short"));
    const auto group = static_cast<uint32_t>(static_cast<uint8_t>(key[group_at]) << 8 |
                                             static_cast<uint8_t>(key[group_at + 1]));
    if (group >= wanted.first && group < wanted.end) {
      key[0] = static_cast<char>(number >> 8);
      key[1] = static_cast<char>(number);
      WEIR_RETURN_IF_ERROR(writer.put(key, at->value()));
      at->Next();
      continue;
    }
    // To the wanted groups: of this slice or time, or else of the next one.
    key.resize(group_at);
    if (group < wanted.first) {
      detail::put_big_endian16(key, static_cast<uint16_t>(wanted.first));
    } else {
      key = detail::after_prefix(key);
      if (key.empty()) break;
    }
    at->Seek(key);
  }
  return to_absl(at->status(), absl::StrCat("cannot read state ", state.operator_id, "/", state.name));
}

/// The target's entry for a source's state; adds it when there is none.
absl::StatusOr<StateEntry> entry_for(const StateEntry& source, std::vector<StateEntry>& states) {
  uint32_t next = 0;
  for (const StateEntry& state : states) {
    if (state.operator_id == source.operator_id && state.name == source.name) {
      StateEntry same = source;
      same.number = state.number;
      if (same == state) return state;
      return absl::DataLossError(absl::StrCat("workers of one checkpoint disagree about state ",
                                              source.operator_id, "/", source.name,
                                              "; its manifest is damaged"));
    }
    next = std::max<uint32_t>(next, state.number + 1U);
  }
  StateEntry entry = source;
  const bool taken = std::any_of(states.begin(), states.end(),
                                 [&](const StateEntry& s) { return s.number == entry.number; });
  if (taken) entry.number = static_cast<uint16_t>(next);
  if (taken && next > 0xffff) return absl::ResourceExhaustedError("a job holds at most 65536 states");
  states.push_back(entry);
  return entry;
}

}  // namespace

std::vector<size_t> workers_to_read(const WorkerStoreOptions& options) {
  const GroupRange wanted = groups_of(static_cast<size_t>(options.worker),
                                      static_cast<size_t>(options.workers), options.key_groups);
  std::vector<size_t> sources;
  for (size_t worker = 0; worker < options.restored.size(); ++worker) {
    const GroupRange had = groups_of(worker, options.restored.size(), options.key_groups);
    if (had.first < wanted.end && wanted.first < had.end) sources.push_back(worker);
  }
  return sources;
}

absl::StatusOr<std::vector<StateEntry>> copy_key_groups(const WorkerStoreOptions& options,
                                                        const std::vector<size_t>& sources,
                                                        const rocksdb::Options& database, FileSystem& files,
                                                        const std::string& work_folder, rocksdb::DB& target) {
  const GroupRange wanted = groups_of(static_cast<size_t>(options.worker),
                                      static_cast<size_t>(options.workers), options.key_groups);
  std::vector<StateEntry> states;
  IngestingWriter writer(database, work_folder, target);
  for (const size_t source : sources) {
    const WorkerSnapshot& snapshot = options.restored[source];
    const std::string folder = absl::StrCat(work_folder, "/source-", source);
    {
      WEIR_ASSIGN_OR_RETURN(const std::shared_ptr<rocksdb::DB> opened,
                            open_snapshot(database, files, options.checkpoint_directory, snapshot, folder));
      std::vector<std::pair<uint16_t, const StateEntry*>> by_target_number;
      for (const StateEntry& state : snapshot.states) {
        WEIR_ASSIGN_OR_RETURN(const StateEntry entry, entry_for(state, states));
        by_target_number.emplace_back(entry.number, &state);
      }
      std::sort(by_target_number.begin(), by_target_number.end());
      for (const auto& [number, state] : by_target_number)
        WEIR_RETURN_IF_ERROR(copy_state(*opened, *state, number, wanted, writer));
      WEIR_RETURN_IF_ERROR(writer.finish_file());
    }
    WEIR_RETURN_IF_ERROR(files.remove_tree(folder));
  }
  return states;
}

}  // namespace weir
