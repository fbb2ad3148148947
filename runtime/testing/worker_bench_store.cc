// The real store under a tested operator: RocksDB in a temporary directory, jobs run at once on the caller's
// thread.

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "runtime/testing/bench_store.h"
#include "state/worker_store.h"
#include "weir/detail/coding.h"
#include "weir/operator.h"

namespace weir {
namespace {

constexpr char kOperator[] = "tested";
/// maintain() counts memory once in a while only: so many calls make it drop all it can.
constexpr int kMaintainCalls = 64;

/// In memory where the system has that: a tester syncs often and nothing has to last.
std::filesystem::path fast_temporary_directory() {
  const std::filesystem::path shared_memory = "/dev/shm";
  if (std::getenv("TMPDIR") == nullptr && ::access(shared_memory.c_str(), W_OK | X_OK) == 0)
    return shared_memory;
  return std::filesystem::temp_directory_path();
}

template <class T>
T value_or_throw(absl::StatusOr<T> result) {
  if (!result.ok()) throw OperatorError(result.status());
  return *std::move(result);
}

void put_file(std::string& out, const StateFile& file) {
  detail::put_bytes(out, file.path);
  detail::put_fixed(out, file.bytes);
  detail::put_fixed(out, file.checksum);
}
StateFile read_file(detail::ByteReader& in) {
  StateFile file;
  file.path = in.bytes();
  file.bytes = in.fixed<uint64_t>();
  file.checksum = in.fixed<uint64_t>();
  return file;
}

std::string encode(const WorkerSnapshot& snapshot) {
  std::string out;
  detail::put_bytes(out, snapshot.base_directory);
  for (const auto* files : {&snapshot.base, &snapshot.deltas}) {
    detail::put_varint(out, files->size());
    for (const StateFile& file : *files) put_file(out, file);
  }
  detail::put_varint(out, snapshot.states.size());
  for (const StateEntry& state : snapshot.states) {
    for (const std::string* text : {&state.operator_id, &state.name, &state.key_schema, &state.value_schema})
      detail::put_bytes(out, *text);
    detail::put_fixed(out, state.number);
    detail::put_fixed(out, state.layout);
  }
  return out;
}

WorkerSnapshot decode(std::string_view bytes) {
  detail::ByteReader in(bytes);
  WorkerSnapshot snapshot;
  snapshot.base_directory = in.bytes();
  for (auto* files : {&snapshot.base, &snapshot.deltas})
    for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) files->push_back(read_file(in));
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    StateEntry& state = snapshot.states.emplace_back();
    for (std::string* text : {&state.operator_id, &state.name, &state.key_schema, &state.value_schema})
      *text = in.bytes();
    state.number = in.fixed<uint16_t>();
    state.layout = in.fixed<uint8_t>();
  }
  if (!in.at_end())
    throw OperatorError(absl::InvalidArgumentError("these are not the bytes of a tester's save()"));
  return snapshot;
}

class WorkerBenchStore final : public BenchStore {
 public:
  WorkerBenchStore(std::unique_ptr<WorkerStore> store, Epoch& epoch)
      : store_(std::move(store)), backend_(store_->operator_state(kOperator)), epoch_(epoch) {}

  detail::StateBackend& backend() override { return backend_; }

  std::string save() override {
    ++epoch_.number;
    store_->freeze(kOperator, epoch_);
    return encode(value_or_throw(store_->seal(epoch_)()));
  }

  void evict() override {
    save();
    maintain();  // nothing may go before the base is advanced: asks for that
    if (auto advance = store_->advance_base()) store_->apply((*advance)());
    maintain();
  }

  size_t entries() const override { return 0; }

 private:
  void maintain() {
    for (int i = 0; i < kMaintainCalls; ++i) store_->maintain();
  }

  std::unique_ptr<WorkerStore> store_;
  detail::StateBackend& backend_;
  Epoch& epoch_;
};

class WorkerBenchStores final : public BenchStores {
 public:
  explicit WorkerBenchStores(uint32_t key_groups) : key_groups_(key_groups) {
    static std::atomic<uint64_t> count{0};
    directory_ = fast_temporary_directory() / absl::StrCat("weir-tester-", ::getpid(), "-", ++count);
    std::filesystem::create_directories(directory_);
  }
  ~WorkerBenchStores() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::unique_ptr<BenchStore> make(std::string_view saved) override {
    WorkerStoreOptions options{.checkpoint_directory = directory_.string(),
                               .attempt = ++attempt_,
                               .key_groups = key_groups_,
                               .memory = std::make_shared<MemoryBudget>(1),  // all that may leave memory does
                               .restored_key_groups = key_groups_};
    if (!saved.empty()) options.restored.push_back(decode(saved));
    return std::make_unique<WorkerBenchStore>(value_or_throw(WorkerStore::open(std::move(options))), epoch_);
  }

 private:
  const uint32_t key_groups_;
  std::filesystem::path directory_;
  uint64_t attempt_ = 0;
  Epoch epoch_;
};

}  // namespace

std::unique_ptr<BenchStores> worker_bench_stores(uint32_t key_groups) {
  return std::make_unique<WorkerBenchStores>(key_groups);
}

}  // namespace weir
