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

/// saved: of a store of the same kind, or empty for a new one. Throws OperatorError when it cannot be read.
std::unique_ptr<BenchStore> make_bench_store(testing::TestStore kind, std::string_view saved);

}  // namespace weir
