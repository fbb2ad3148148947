#include "connectors/file/output_file.h"

#include <xxhash.h>

#include "absl/strings/str_cat.h"
#include "connectors/file/output_name.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {
constexpr size_t kFlushAt = 256 << 10;
}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::create(FileSystem& files,
                                                               const std::string& directory,
                                                               const std::string& final_name,
                                                               FileCompression compression) {
  const std::string path = absl::StrCat(directory, "/", final_name);
  const absl::StatusOr<uint64_t> existing = files.size(path);
  if (existing.ok()) {
    return absl::AlreadyExistsError(
        absl::StrCat(path,
                     " exists already, from another run of this job: choose an empty "
                     "directory or another prefix"));
  }
  if (!absl::IsNotFound(existing.status())) return existing.status();
  WEIR_ASSIGN_OR_RETURN(std::unique_ptr<WritableFile> file,
                        files.create(absl::StrCat(directory, "/", temporary_name(final_name))));
  return std::unique_ptr<OutputFile>(new OutputFile(std::move(file), final_name, compression));
}

OutputFile::OutputFile(std::unique_ptr<WritableFile> file, std::string final_name,
                       FileCompression compression)
    : file_(std::move(file)),
      final_name_(std::move(final_name)),
      compressor_(make_compressor(compression)),
      checksum_(XXH3_createState(), [](XXH3_state_s* state) { XXH3_freeState(state); }) {
  if (checksum_ == nullptr) {
    failed_ = absl::ResourceExhaustedError("no memory to checksum " + final_name_);
  } else {
    XXH3_64bits_reset(checksum_.get());
  }
}

OutputFile::~OutputFile() = default;

absl::Status OutputFile::append_line(std::string_view line) {
  if (!failed_.ok()) return failed_;
  ++records_;
  failed_ = add(line);
  if (failed_.ok()) failed_ = add("\n");
  if (failed_.ok() && pending_.size() >= kFlushAt) failed_ = flush();
  return failed_;
}

absl::StatusOr<Segment> OutputFile::seal() {
  if (failed_.ok()) failed_ = finish();
  if (!failed_.ok()) return failed_;
  failed_ = absl::FailedPreconditionError(final_name_ + " is sealed already");
  return Segment{final_name_, records_, written_, XXH3_64bits_digest(checksum_.get())};
}

absl::Status OutputFile::add(std::string_view bytes) {
  if (compressor_ != nullptr) return compressor_->append(bytes, pending_);
  pending_.append(bytes);
  return absl::OkStatus();
}

absl::Status OutputFile::flush() {
  WEIR_RETURN_IF_ERROR(file_->append(pending_));
  XXH3_64bits_update(checksum_.get(), pending_.data(), pending_.size());
  written_ += pending_.size();
  pending_.clear();
  return absl::OkStatus();
}

absl::Status OutputFile::finish() {
  if (compressor_ != nullptr) WEIR_RETURN_IF_ERROR(compressor_->finish(pending_));
  WEIR_RETURN_IF_ERROR(flush());
  WEIR_RETURN_IF_ERROR(file_->sync());
  return file_->close();
}

}  // namespace weir
