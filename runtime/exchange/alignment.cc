#include "runtime/exchange/alignment.h"

#include "weir/detail/check.h"

namespace weir {

std::optional<Epoch> Alignment::on_barrier(size_t input, Epoch epoch) {
  WEIR_CHECK(inputs_[input] == State::kOpen);
  WEIR_CHECK(!epoch_ || *epoch_ == epoch);  // every source takes every barrier, in order
  epoch_ = epoch;
  inputs_[input] = State::kWaiting;
  --open_;
  return completed();
}

std::optional<Epoch> Alignment::on_end(size_t input) {
  WEIR_CHECK(inputs_[input] == State::kOpen);
  inputs_[input] = State::kEnded;
  --open_;
  ++ended_;
  return completed();
}

void Alignment::release() {
  epoch_.reset();
  for (State& state : inputs_) {
    if (state != State::kWaiting) continue;
    state = State::kOpen;
    ++open_;
  }
}

}  // namespace weir
