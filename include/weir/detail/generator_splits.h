#pragma once
// Which indices a generator makes next: splits, positions and pacing, compiled once.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "weir/source.h"

namespace weir {
class RateLimiter;
}

namespace weir::detail {

struct GeneratorPlan {
  uint64_t count = 0;
  double rate = 0;
  int splits = 0;
};

std::string describe_generator(const GeneratorPlan& plan);
absl::Status check_generator(const GeneratorPlan& plan);

/// One worker's splits. Worker's thread but for open.
class GeneratorSplits {
 public:
  /// Indices first, first + step, …; `size` of them.
  struct Run {
    const SplitName* split = nullptr;
    uint64_t first = 0;
    uint64_t step = 1;
    size_t size = 0;
  };

  GeneratorSplits();
  ~GeneratorSplits();

  absl::Status open(const SourceContext& context, const GeneratorPlan& plan);
  /// Splits take turns. Empty runs: nothing may be made now.
  Poll next(size_t max_records, Run& run);
  void made(const Run& run);
  std::vector<SplitPosition> positions() const;

 private:
  struct Split {
    SplitName name;
    uint64_t next = 0;
  };

  uint64_t end_ = 0;
  uint64_t step_ = 1;
  std::vector<Split> splits_;
  size_t turn_ = 0;
  std::unique_ptr<RateLimiter> limiter_;
};

}  // namespace weir::detail
