#include "connectors/file/file_writer.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "runtime/base/fault_point.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {
absl::Status at_sink(const std::string& id, const absl::Status& status) {
  return {status.code(), absl::StrCat("sink '", id, "': ", status.message())};
}
}  // namespace

absl::Status FileWriter::open(SinkContext context) {
  id_ = context.id;
  names_ = {plan_.prefix,
            run_digits(context.incarnation),
            context.attempt,
            context.worker,
            static_cast<uint32_t>(Cut::draw().low),
            absl::StrCat(plan_.extension, std::string(compression_suffix(plan_.compression)))};
  files_ = context.files != nullptr ? context.files : &real_file_system();
  const absl::Status status = make_directory();
  return status.ok() ? status : at_sink(id_, status);
}

absl::Status FileWriter::make_directory() {
  const bool existed = files_->size(plan_.directory).ok();
  WEIR_RETURN_IF_ERROR(files_->make_directories(plan_.directory));
  // Its entry must be as durable as the files in it.
  const std::filesystem::path parent =
      std::filesystem::absolute(plan_.directory + "/.").parent_path().parent_path();
  if (!existed) WEIR_RETURN_IF_ERROR(files_->sync_directory(parent.string()));
  // A directory that cannot be written to is found out before the first record.
  const std::string probe = absl::StrCat(plan_.directory, "/", temporary_name(names_.name(0)));
  WEIR_RETURN_IF_ERROR(files_->create(probe).status());
  return files_->remove(probe);
}

absl::Status FileWriter::append(const OutputRecord& record) {
  const absl::Status status = write(record.value);
  return status.ok() ? status : at_sink(id_, status);
}

absl::Status FileWriter::write(std::string_view line) {
  if (line.find('\n') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "a record contains a newline, so it cannot be a line; encode it as JSON");
  }
  if (epoch_files_.empty() || full_) {
    WEIR_ASSIGN_OR_RETURN(
        std::unique_ptr<OutputFile> file,
        OutputFile::create(*files_, plan_.directory, names_.name(next_number_++), plan_.compression));
    epoch_files_.push_back(std::move(file));
  }
  OutputFile& file = *epoch_files_.back();
  WEIR_RETURN_IF_ERROR(file.append_line(line));
  full_ = file.bytes() >= plan_.roll_bytes;
  return absl::OkStatus();
}

SealJob FileWriter::seal(Epoch epoch) {
  full_ = false;
  return [sealing = std::exchange(epoch_files_, {}), files = files_, directory = plan_.directory, id = id_,
          epoch]() mutable -> absl::StatusOr<std::vector<Segment>> {
    std::vector<Segment> segments;
    if (sealing.empty()) return segments;
    WEIR_FAULT_POINT("file_sink.before_seal");
    absl::Status status;
    for (const std::unique_ptr<OutputFile>& file : sealing) {
      absl::StatusOr<Segment> segment = file->seal();
      status.Update(segment.status());
      if (!status.ok()) break;
      segments.push_back(*std::move(segment));
    }
    WEIR_FAULT_POINT("file_sink.before_directory_sync");
    if (status.ok()) status = files->sync_directory(directory);
    WEIR_FAULT_POINT("file_sink.after_seal");
    if (status.ok()) return segments;
    return absl::Status(status.code(), absl::StrCat("sink '", id, "': cannot seal its output of epoch ",
                                                    epoch.number, ": ", status.message()));
  };
}

}  // namespace weir
