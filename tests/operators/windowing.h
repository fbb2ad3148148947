#pragma once
// Records, keys and results that the tests of windows share.

#include <memory>
#include <string>

#include "weir/aggregate.h"
#include "weir/detail/window_operator.h"
#include "weir/testing.h"

namespace weir::test {

struct Hit {
  std::string key;
  int64_t value = 1;
  friend bool operator==(const Hit&, const Hit&) = default;
};
BOOST_DESCRIBE_STRUCT(Hit, (), (key, value))

/// The sum of values, with key and window.
using SumOfValues = Sum<&Hit::value>;
using Result = Windowed<std::string, int64_t>;
using HitScript = testing::Script<Hit, Result, Hit>;
using HitTester = testing::OperatorTester<Hit, Result, Hit>;

inline Timestamp at(int64_t millis) { return from_millis(millis); }
inline Duration ms(int64_t millis) { return Duration{millis}; }

template <class A = SumOfValues>
std::shared_ptr<const OperatorFactory> window_factory(WindowSpec spec, WindowOptions options = {},
                                                      A aggregate = {}) {
  auto extractor =
      std::make_shared<const detail::FunctionKeyExtractor<std::string, Hit, std::string Hit::*>>(&Hit::key);
  return std::make_shared<detail::WindowFactory<std::string, Hit, A>>(extractor, spec, options, aggregate);
}

inline const testing::TesterOptions<Hit> kByKey{.key = &Hit::key};

inline std::string run_windows(const HitScript& script, WindowSpec spec, WindowOptions options = {},
                               testing::TestStore store = testing::TestStore::kWorkerStore) {
  return testing::run_all_modes(window_factory(spec, options), script, {.key = &Hit::key, .store = store});
}

inline Result result(std::string key, int64_t start, int64_t end, int64_t value) {
  return {std::move(key), Window{at(start), at(end)}, value};
}

}  // namespace weir::test
