// Links what weir::testing brings: an operator of one's own, tested in every way that must make no
// difference.

#include <cstdio>

#include "weir/testing.h"

using namespace std::chrono_literals;

class Doubler : public weir::Operator {
  void on_batch(int, weir::BatchPtr batch, weir::Output& output) override {
    for (int64_t& value : static_cast<weir::Batch<int64_t>&>(*batch).values) value *= 2;
    output.emit(0, std::move(batch));
  }
};

class DoublerFactory : public weir::OperatorFactory {
 public:
  std::unique_ptr<weir::Operator> make(weir::OperatorContext) const override {
    return std::make_unique<Doubler>();
  }
};

int main() {
  const weir::Timestamp time{1s};
  weir::testing::Script<int64_t, int64_t> script;
  script.record(1, time).expect(2, time);
  script.record(2, time).expect(4, time);
  const std::string wrong = weir::testing::run_all_modes(std::make_shared<DoublerFactory>(), script);
  std::fputs(wrong.c_str(), stderr);
  return wrong.empty() ? 0 : 1;
}
