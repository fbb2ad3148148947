#pragma once
// Compares two ways to do one thing in one run: rounds of each in turn, so that a noisy machine disturbs
// both, and the median of the ratios.

#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace weir::bench {

/// Seconds that f takes.
template <class F>
double seconds(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Seconds of this thread's own work: what a pause is when nobody else wants the core.
template <class F>
double thread_seconds(F&& f) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double start = now();
  f();
  return now() - start;
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// `ours` and `theirs` do one round and give the seconds for one operation. Counters: ours_ns and theirs_ns
/// (medians), times_faster (median of the rounds' ratios). The benchmark's own time is that of ours.
inline void compare(benchmark::State& state, int rounds, const std::function<double()>& ours,
                    const std::function<double()>& theirs) {
  std::vector<double> our_times;
  std::vector<double> their_times;
  std::vector<double> ratios;
  for (auto _ : state) {
    double total = 0;
    for (int round = 0; round < rounds; ++round) {
      our_times.push_back(ours());
      their_times.push_back(theirs());
      ratios.push_back(their_times.back() / our_times.back());
      total += our_times.back();
    }
    state.SetIterationTime(total);
  }
  state.counters["ours_ns"] = median(our_times) * 1e9;
  state.counters["theirs_ns"] = median(their_times) * 1e9;
  state.counters["times_faster"] = median(ratios);
}

}  // namespace weir::bench
