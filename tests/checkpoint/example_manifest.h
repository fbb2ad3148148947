#pragma once
#include <limits>

#include "checkpoint/manifest.h"

namespace weir::test {

/// One of everything, with values that are hard to write as JSON. The golden file holds it: do not change it.
inline Manifest example_manifest() {
  Manifest manifest;
  manifest.job = "market";
  manifest.incarnation = "00112233445566778899aabbccddeeff";
  manifest.epoch = {42};
  manifest.cut = {0x0123456789abcdefULL, 0xfedcba9876543210ULL};
  manifest.created_ms = 1'700'000'000'123;
  manifest.key_groups = 1024;
  manifest.workers = 2;
  manifest.key_hash = "xxh3-64";
  manifest.pipeline = {{"trades", "source"}, {"vwap", "window"}, {"bars", "sink"}};
  manifest.sources = {{"trades",
                       {{"trades/0", "1042", 1'699'999'999'000},
                        {"trades/1", "", std::numeric_limits<int64_t>::min()},
                        {"Z\xc3\xbcrich \"\\\n\x01.csv", "17", std::numeric_limits<int64_t>::max()},
                        {"not \xff utf-8", "-5", -5}}},
                      {"empty", {}}};
  manifest.operators = {{"vwap", 0, "readable text"}, {"vwap", 1, std::string("\0\x80\xff", 3)}};
  manifest.watermarks = {{"vwap", 0, 1'699'999'998'000}, {"vwap", 1, std::numeric_limits<int64_t>::min()}};
  WorkerSnapshot first;
  first.base_directory = "state/w0/a3-base-40";
  first.base = {{"state/w0/a3-base-40/000012.sst", 4096, 0xffffffffffffffffULL},
                {"state/w0/a3-base-40/CURRENT", 16, 1}};
  first.deltas = {{"state/w0/a3-delta-41.sst", 100, 2}, {"state/w0/a3-delta-42.sst", uint64_t{1} << 62, 3}};
  first.states = {{"vwap", "window", 1, 1, "string", "{turnover:f64,volume:f64}"},
                  {"vwap", "timers", 65535, 2, "", ""}};
  manifest.state = {first, {}};
  manifest.topics = {"bars", "alerts"};
  TargetEntry kafka;
  kafka.identity = "kafka:Some-Cluster_Id";
  kafka.progress.has_base = true;
  kafka.progress.base_epoch = {40};
  kafka.progress.base_cut = {40, 40};
  kafka.progress.chain = {
      {{41}, {41, 41}, {{"a3-w0-41.segment", 10, 1000, 4}, {"a3-w1-41.segment", 1, 100, 5}}},
      {{42}, manifest.cut, {}}};
  TargetEntry files;
  files.identity = "files:/data/out";
  files.progress.chain = {{{42}, manifest.cut, {{"/data/out/.part-0", 0, 0, 6}}}};
  manifest.targets = {kafka, files};
  return manifest;
}

}  // namespace weir::test
