#include "runtime/testing/bench_store.h"
#include "state/memory_backend.h"
#include "weir/operator.h"

namespace weir {
namespace {

class MemoryBenchStore final : public BenchStore {
 public:
  explicit MemoryBenchStore(std::unique_ptr<MemoryBackend> backend) : backend_(std::move(backend)) {}

  detail::StateBackend& backend() override { return *backend_; }
  std::string save() override {
    backend_->freeze();
    return backend_->save();
  }
  void evict() override { backend_->evict(); }
  size_t entries() const override { return backend_->entries(); }

 private:
  std::unique_ptr<MemoryBackend> backend_;
};

class MemoryBenchStores final : public BenchStores {
 public:
  std::unique_ptr<BenchStore> make(std::string_view saved) override {
    if (saved.empty()) return std::make_unique<MemoryBenchStore>(std::make_unique<MemoryBackend>());
    absl::StatusOr<std::unique_ptr<MemoryBackend>> backend = MemoryBackend::restore(saved);
    if (!backend.ok()) throw OperatorError(backend.status());
    return std::make_unique<MemoryBenchStore>(*std::move(backend));
  }
};

}  // namespace

std::unique_ptr<BenchStores> memory_bench_stores() { return std::make_unique<MemoryBenchStores>(); }

}  // namespace weir
