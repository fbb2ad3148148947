#pragma once
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "checkpoint/coordinator.h"

namespace weir::test {

inline constexpr const char* kTarget = "kafka:c";

inline Timestamp at(int64_t millis) { return from_millis(millis); }

inline Segment segment(const std::string& name) { return {name, 1, 10, 7}; }

/// A job of `workers` workers with one target; epochs' cuts are {number, 0}.
struct Job {
  explicit Job(int workers = 2, CoordinatorOptions options = {}, uint64_t first = 0, bool has_marker = false)
      : workers_(workers),
        coordinator(options, description(workers, first, has_marker), Epoch{first}, at(0), [this] {
          return Cut{++drawn, 0};
        }) {}

  static Manifest description(int workers, uint64_t first, bool has_marker) {
    Manifest manifest;
    manifest.job = "market";
    manifest.workers = workers;
    manifest.epoch = {first == 0 ? 0 : first - 1};
    TargetEntry target;
    target.identity = kTarget;
    if (has_marker) {
      target.progress.has_base = true;
      target.progress.base_epoch = manifest.epoch;
      target.progress.base_cut = {99, 99};
    }
    manifest.targets = {target};
    return manifest;
  }

  EpochCut begin(int64_t now) {
    const EpochCut begun = coordinator.begin(at(now));
    cuts[begun.epoch.number] = begun.cut;
    return begun;
  }
  AckResult ack(int worker, uint64_t epoch, std::vector<std::string> segments = {}, std::string delta = "") {
    WorkerAck ack;
    for (const std::string& name : segments) ack.segments[kTarget].push_back(segment(name));
    if (!delta.empty()) ack.state.deltas = {{delta, 1, 1}};
    return coordinator.ack(worker, {epoch}, std::move(ack));
  }
  /// All workers acknowledge; worker 0 with these segments. Written and decided.
  Manifest decide(uint64_t epoch, int64_t now, std::vector<std::string> segments = {}) {
    for (int worker = 0; worker < workers_; ++worker) {
      ack(worker, epoch, worker == 0 ? segments : std::vector<std::string>{});
    }
    auto manifest = coordinator.complete(at(now));
    if (!manifest) throw std::runtime_error("epoch is not complete");
    coordinator.decided({epoch}, at(now));
    return *manifest;
  }
  void apply(uint64_t epoch, bool marker_moved = true) {
    coordinator.applied(kTarget, {epoch}, cuts.at(epoch), marker_moved);
  }
  /// Epoch 0 with its marker out.
  void first_start(int64_t now) {
    begin(now);
    decide(0, now);
    apply(0);
  }

  std::vector<std::string> chain() {
    std::vector<std::string> texts;
    for (const EpochOutput& output : coordinator.chain_of(kTarget)) {
      std::string text = std::to_string(output.epoch.number) + ":";
      for (const Segment& s : output.segments) text += " " + s.name;
      texts.push_back(text);
    }
    return texts;
  }

  int workers_;
  uint64_t drawn = 0;
  std::map<uint64_t, Cut> cuts;
  Coordinator coordinator;
};

using Chain = std::vector<std::string>;

inline CoordinatorOptions every_second() {
  CoordinatorOptions options;
  options.interval = Duration{1000};
  options.timeout = Duration{5000};
  return options;
}

inline CoordinatorOptions two_pending() {
  CoordinatorOptions options = every_second();
  options.pending_limit = 2;
  return options;
}

}  // namespace weir::test
