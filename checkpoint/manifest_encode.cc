#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "checkpoint/manifest.h"
#include "checkpoint/manifest_format.h"
#include "weir/detail/hash.h"

namespace weir {

namespace {

using Json = nlohmann::ordered_json;
namespace format = manifest_format;

/// Names, positions and paths come from outside and may be any bytes: text when JSON can hold it, else
/// base64.
Json text_or_base64(const std::string& bytes) {
  Json text = bytes;
  try {
    (void)text.dump();  // the only way in which this library tells that a string is UTF-8
    return text;
  } catch (const Json::type_error&) {
    return {{"base64", absl::Base64Escape(bytes)}};
  }
}

Json hexadecimal(uint64_t value) { return absl::StrFormat("%016x", value); }

Json watermark(int64_t value) {
  if (value == std::numeric_limits<int64_t>::min()) return format::kMinusInfinity;
  if (value == std::numeric_limits<int64_t>::max()) return format::kPlusInfinity;
  return value;
}

template <class T>
Json array(const std::vector<T>& values, Json (*encode)(const T&)) {
  Json encoded = Json::array();
  for (const T& value : values) encoded.push_back(encode(value));
  return encoded;
}

Json encode_text(const std::string& text) { return text_or_base64(text); }

Json encode_operator(const OperatorEntry& entry) {
  return {{"id", text_or_base64(entry.id)}, {"kind", text_or_base64(entry.kind)}};
}

Json encode_split(const SplitState& split) {
  return {{"split", text_or_base64(split.split)},
          {"position", text_or_base64(split.position)},
          {"watermark", watermark(split.watermark)}};
}

Json encode_source(const SourceState& source) {
  return {{"id", text_or_base64(source.id)}, {"splits", array(source.splits, encode_split)}};
}

Json encode_operator_state(const OperatorState& state) {
  return {{"id", text_or_base64(state.id)}, {"worker", state.worker}, {"state", text_or_base64(state.bytes)}};
}

Json encode_stage(const StageWatermark& stage) {
  return {{"operator", text_or_base64(stage.operator_id)},
          {"worker", stage.worker},
          {"watermark", watermark(stage.watermark)}};
}

Json encode_file(const StateFile& file) {
  return {
      {"path", text_or_base64(file.path)}, {"bytes", file.bytes}, {"checksum", hexadecimal(file.checksum)}};
}

Json encode_state(const StateEntry& state) {
  return {{"operator", text_or_base64(state.operator_id)},
          {"name", text_or_base64(state.name)},
          {"number", state.number},
          {"layout", state.layout},
          {"key_schema", text_or_base64(state.key_schema)},
          {"value_schema", text_or_base64(state.value_schema)}};
}

Json encode_snapshot(const WorkerSnapshot& snapshot) {
  return {{"base_directory", text_or_base64(snapshot.base_directory)},
          {"base", array(snapshot.base, encode_file)},
          {"deltas", array(snapshot.deltas, encode_file)},
          {"states", array(snapshot.states, encode_state)}};
}

Json encode_segment(const Segment& segment) {
  return {{"name", text_or_base64(segment.name)},
          {"records", segment.records},
          {"bytes", segment.bytes},
          {"checksum", hexadecimal(segment.checksum)}};
}

Json encode_output(const EpochOutput& output) {
  return {{"epoch", output.epoch.number},
          {"cut", output.cut.to_string()},
          {"segments", array(output.segments, encode_segment)}};
}

Json encode_target(const TargetEntry& target) {
  const TargetProgress& progress = target.progress;
  Json base = nullptr;
  if (progress.has_base)
    base = {{"epoch", progress.base_epoch.number}, {"cut", progress.base_cut.to_string()}};
  return {{"identity", text_or_base64(target.identity)},
          {"base", std::move(base)},
          {"chain", array(progress.chain, encode_output)}};
}

}  // namespace

std::string encode_manifest(const Manifest& manifest) {
  const Json document = {{"format", format::kFormat},
                         {"version", format::kVersion},
                         {"job", text_or_base64(manifest.job)},
                         {"incarnation", text_or_base64(manifest.incarnation)},
                         {"epoch", manifest.epoch.number},
                         {"cut", manifest.cut.to_string()},
                         {"created_ms", manifest.created_ms},
                         {"key_groups", manifest.key_groups},
                         {"workers", manifest.workers},
                         {"key_hash", text_or_base64(manifest.key_hash)},
                         {"pipeline", array(manifest.pipeline, encode_operator)},
                         {"sources", array(manifest.sources, encode_source)},
                         {"operators", array(manifest.operators, encode_operator_state)},
                         {"watermarks", array(manifest.watermarks, encode_stage)},
                         {"state", array(manifest.state, encode_snapshot)},
                         {"topics", array(manifest.topics, encode_text)},
                         {"targets", array(manifest.targets, encode_target)}};
  std::string text = document.dump(2);
  text.resize(text.size() - 2);  // the closing "\n}", which now follows the checksum
  const uint64_t checksum = detail::hash_bytes(text);
  absl::StrAppend(&text, std::string(format::kChecksumMember), absl::StrFormat("%016x", checksum),
                  std::string(format::kEnd));
  return text;
}

}  // namespace weir
