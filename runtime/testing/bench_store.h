#pragma once
// The store under an operator that is tested.

#include <memory>
#include <string>
#include <string_view>

#include "weir/detail/operator_bench.h"
#include "weir/detail/state_backend.h"

namespace weir {

class BenchStore {
 public:
  virtual ~BenchStore() = default;
  virtual detail::StateBackend& backend() = 0;
  /// A barrier, and what a store that is restored from it needs.
  virtual std::string save() = 0;
  /// A barrier, and then nothing stays in memory that may leave it.
  virtual void evict() = 0;
  /// Keys at the last barrier.
  virtual size_t entries() const = 0;
};

/// The stores of one bench, one after the other: each starts from what an earlier one saved. Owns what lies
/// outside of memory, which goes with it.
class BenchStores {
 public:
  virtual ~BenchStores() = default;
  /// saved: of a store of these, or empty. The store before must be gone. Throws OperatorError when it cannot
  /// be read.
  virtual std::unique_ptr<BenchStore> make(std::string_view saved) = 0;
};

std::unique_ptr<BenchStores> memory_bench_stores();
std::unique_ptr<BenchStores> worker_bench_stores(uint32_t key_groups);

}  // namespace weir
