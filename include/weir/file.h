#pragma once
// Files of lines: one record a line.
//
//   pipeline.from("departures", weir::file_source<Departure>({.path = "departures-*.jsonl.zst"}), …)
//   stream.to("results", weir::file_sink<Result>({.directory = "out", .prefix = "results"}))
//
// The source reads plain, .gz and .zst files to their ends, each as a split of its own, in turns. The sink
// writes exactly once: files of an epoch appear under their names when its checkpoint is decided, and never
// change afterwards.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "weir/detail/decoded_source.h"
#include "weir/detail/encoded_sink.h"
#include "weir/detail/file_factories.h"
#include "weir/json.h"

namespace weir {

template <class T>
struct FileSourceOptions {
  /// A file, or a pattern as in a shell ("in/*.jsonl"), expanded when the job starts and sorted.
  std::string path = {};
  /// More of them; at least one file in all.
  std::vector<std::string> paths = {};
  /// One line is one record. Raw lines for std::string, JSON for other types.
  Codec<T> codec = default_codec<T>();
  /// Records a second over all files; 0: as fast as they are taken.
  double rate = 0;
  /// A longer line is an error.
  uint64_t max_line_bytes = 16 << 20;
};

/// Blank lines are skipped, but not with raw_codec(), where they are empty records. A last line without a
/// newline counts if it decodes. A file that is missing, damaged or shorter than the position in the
/// checkpoint is an error.
template <class T>
Source<T> file_source(FileSourceOptions<T> options) {
  detail::FileSourcePlan plan;
  plan.patterns = std::move(options.paths);
  if (!options.path.empty()) plan.patterns.insert(plan.patterns.begin(), std::move(options.path));
  plan.rate = options.rate;
  plan.max_line_bytes = options.max_line_bytes;
  plan.skip_blank_lines = options.codec.name != "raw";
  return detail::decoded_source<T>(detail::make_file_source(std::move(plan)), options.codec);
}

template <class T>
struct FileSinkOptions {
  /// Made if it does not exist.
  std::string directory = {};
  /// Files are named <prefix>-<run>-<attempt>-<worker>-<random>-<number><extension>, with .gz or .zst when
  /// compressed. Sinks that share a directory have different prefixes.
  std::string prefix = "part";
  std::string extension = ".jsonl";
  Codec<T> codec = default_codec<T>();
  /// A file that has grown to this size is closed and another begun, within an epoch too.
  uint64_t roll_bytes = 128 << 20;
  FileCompression compression = FileCompression::kNone;
};

/// One file an epoch and worker, none when there was nothing to write. An unfinished file has a name that
/// starts with a dot and ends with .tmp. Readers may take files away once a later checkpoint is decided.
template <class T>
Sink<T> file_sink(FileSinkOptions<T> options) {
  return detail::encoded_sink<T>(
      detail::make_file_sink({std::move(options.directory), std::move(options.prefix),
                              std::move(options.extension), options.roll_bytes, options.compression}),
      options.codec);
}

}  // namespace weir
