#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "checkpoint/json_reader.h"
#include "checkpoint/manifest.h"
#include "checkpoint/manifest_format.h"
#include "weir/detail/hash.h"

namespace weir {

namespace {

namespace format = manifest_format;

constexpr const char* kAdvice =
    "; the file is damaged: put back a copy of it, or let the job fall back to an older checkpoint";

absl::Status damaged(const std::string& file, const std::string& what) {
  return absl::DataLossError(absl::StrCat("cannot read checkpoint manifest ", file, ": ", what, kAdvice));
}

/// A relative path that stays where it is: no "..", no ".", no empty part, no NUL.
bool stays_inside(const std::string& path) {
  if (path.find('\0') != std::string::npos) return false;
  size_t start = 0;
  while (true) {
    const size_t end = std::min(path.find('/', start), path.size());
    const std::string part = path.substr(start, end - start);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == path.size()) return true;
    start = end + 1;
  }
}

std::string read_path(JsonReader& json, const char* name) {
  std::string path = json.text(name);
  if (!stays_inside(path)) json.refuse(name, "is not a path inside the job's directory");
  return path;
}

int read_worker(JsonReader& json) { return static_cast<int>(json.number("worker", format::kMaxWorkers - 1)); }

Epoch read_epoch(JsonReader& json) { return Epoch{json.number("epoch", format::kMaxEpoch)}; }

Cut read_cut(JsonReader& json) {
  Cut cut;
  if (!cut.parse(json.text("cut"))) json.refuse("cut", "is not 32 hexadecimal digits");
  return cut;
}

StateFile read_state_file(JsonReader& json) {
  StateFile file;
  file.path = read_path(json, "path");
  file.bytes = json.number("bytes", format::kMaxFileBytes);
  file.checksum = json.checksum("checksum");
  return file;
}

StateEntry read_state_entry(JsonReader& json) {
  StateEntry entry;
  entry.operator_id = json.text("operator");
  entry.name = json.text("name");
  entry.number = static_cast<uint16_t>(json.number("number", 65535));
  entry.layout = static_cast<uint8_t>(json.number("layout", format::kMaxLayout));
  entry.key_schema = json.text("key_schema");
  entry.value_schema = json.text("value_schema");
  return entry;
}

WorkerSnapshot read_snapshot(JsonReader& json) {
  WorkerSnapshot snapshot;
  snapshot.base_directory = json.text("base_directory");
  if (!snapshot.base_directory.empty() && !stays_inside(snapshot.base_directory)) {
    json.refuse("base_directory", "is not a path inside the job's directory");
  }
  snapshot.base = json.array("base", read_state_file);
  snapshot.deltas = json.array("deltas", read_state_file);
  snapshot.states = json.array("states", read_state_entry);
  return snapshot;
}

SourceState read_source(JsonReader& json) {
  SourceState source;
  source.id = json.text("id");
  source.splits = json.array("splits", [](JsonReader& split) {
    SplitState state;
    state.split = split.text("split");
    state.position = split.text("position");
    state.watermark = split.watermark("watermark");
    return state;
  });
  return source;
}

EpochOutput read_output(JsonReader& json) {
  EpochOutput output;
  output.epoch = read_epoch(json);
  output.cut = read_cut(json);
  output.segments = json.array("segments", [](JsonReader& element) {
    Segment segment;
    segment.name = element.text("name");
    segment.records = element.number("records", format::kMaxFileBytes);
    segment.bytes = element.number("bytes", format::kMaxFileBytes);
    segment.checksum = element.checksum("checksum");
    return segment;
  });
  return output;
}

TargetEntry read_target(JsonReader& json) {
  TargetEntry target;
  target.identity = json.text("identity");
  if (!json.is_null("base")) {
    JsonReader base = json.object("base");
    target.progress.has_base = true;
    target.progress.base_epoch = read_epoch(base);
    target.progress.base_cut = read_cut(base);
    base.done();
  }
  target.progress.chain = json.array("chain", read_output);
  return target;
}

Manifest read_manifest(JsonReader& json) {
  Manifest manifest;
  manifest.job = json.text("job");
  manifest.incarnation = json.text("incarnation");
  manifest.epoch = read_epoch(json);
  manifest.cut = read_cut(json);
  manifest.created_ms = json.signed_number("created_ms");
  manifest.key_groups = static_cast<uint32_t>(json.number("key_groups", format::kMaxKeyGroups));
  manifest.workers = static_cast<int>(json.number("workers", format::kMaxWorkers));
  manifest.key_hash = json.text("key_hash");
  manifest.pipeline = json.array("pipeline", [](JsonReader& element) {
    OperatorEntry entry;
    entry.id = element.text("id");
    entry.kind = element.text("kind");
    return entry;
  });
  manifest.sources = json.array("sources", read_source);
  manifest.operators = json.array("operators", [](JsonReader& element) {
    OperatorState state;
    state.id = element.text("id");
    state.worker = read_worker(element);
    state.bytes = element.text("state");
    return state;
  });
  manifest.watermarks = json.array("watermarks", [](JsonReader& element) {
    StageWatermark stage;
    stage.operator_id = element.text("operator");
    stage.worker = read_worker(element);
    stage.watermark = element.watermark("watermark");
    return stage;
  });
  manifest.state = json.array("state", read_snapshot);
  manifest.topics = json.texts("topics");
  manifest.targets = json.array("targets", read_target);
  return manifest;
}

/// What is wrong between fields that are right by themselves.
void check_whole(const Manifest& manifest, JsonReader& json) {
  if (manifest.job.empty()) json.refuse("job", "is empty");
  if (manifest.key_groups == 0) json.refuse("key_groups", "is 0");
  if (manifest.workers == 0) json.refuse("workers", "is 0");
  if (manifest.state.size() != static_cast<size_t>(manifest.workers)) {
    json.refuse("state",
                absl::StrCat("has ", manifest.state.size(), " entries for ", manifest.workers, " workers"));
  }
  for (const TargetEntry& target : manifest.targets) {
    std::optional<Epoch> before;
    if (target.progress.has_base) before = target.progress.base_epoch;
    for (const EpochOutput& output : target.progress.chain) {
      const bool follows = !before || *before < output.epoch;
      const bool is_this = output.epoch == manifest.epoch && output.cut == manifest.cut;
      if (!follows || !(output.epoch < manifest.epoch || is_this)) {
        json.refuse("targets",
                    absl::StrCat("lists epoch ", output.epoch.number, " out of order for ", target.identity));
      }
      before = output.epoch;
    }
  }
}

/// The bytes that the checksum covers, when it is right.
std::optional<std::string_view> checked_part(std::string_view text) {
  constexpr size_t kTail = format::kChecksumMember.size() + format::kChecksumDigits + format::kEnd.size();
  if (text.size() < kTail) return std::nullopt;
  const std::string_view body = text.substr(0, text.size() - kTail);
  const std::string_view tail = text.substr(body.size());
  const std::string digits(tail.substr(format::kChecksumMember.size(), format::kChecksumDigits));
  Cut both;  // its notation is that of two checksums
  if (tail.substr(0, format::kChecksumMember.size()) != format::kChecksumMember ||
      tail.substr(kTail - format::kEnd.size()) != format::kEnd || !both.parse(digits + digits) ||
      both.low != detail::hash_bytes(body)) {
    return std::nullopt;
  }
  return body;
}

}  // namespace

absl::StatusOr<Manifest> decode_manifest(std::string_view text, const std::string& file) {
  if (text.size() > format::kMaxBytes)
    return damaged(file, absl::StrCat("it is ", text.size(), " bytes long"));
  if (!checked_part(text)) return damaged(file, "field checksum does not match the bytes before it");

  JsonProblem problem;
  const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  JsonReader json(document, "", problem);
  if (json.text("format") != format::kFormat)
    json.refuse("format", absl::StrCat("is not \"", std::string(format::kFormat), "\""));
  const uint64_t version = json.number("version", std::numeric_limits<uint32_t>::max());
  if (!problem.found() && version > format::kVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "cannot read checkpoint manifest ", file, ": field version is ", version,
        ", this program reads up to ", format::kVersion, "; run the newer version that wrote it"));
  }
  if (version == 0) json.refuse("version", "is 0");
  Manifest manifest = read_manifest(json);
  (void)json.text("checksum");
  json.done();
  check_whole(manifest, json);
  if (problem.found()) return damaged(file, absl::StrCat("field ", problem.field, " ", problem.what));
  return manifest;
}

}  // namespace weir
