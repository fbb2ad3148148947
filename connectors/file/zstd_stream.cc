#include <zstd.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "connectors/file/input_file.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

class ZstdStream final : public InputStream {
 public:
  explicit ZstdStream(std::unique_ptr<InputFile> file)
      : file_(std::move(file)), input_(1 << 16), zstd_(ZSTD_createDStream(), &ZSTD_freeDStream) {}

  absl::StatusOr<size_t> read(char* out, size_t size) override {
    if (zstd_ == nullptr) return absl::ResourceExhaustedError("no memory to read " + file_->path());
    ZSTD_outBuffer output{out, size, 0};
    while (true) {
      if (buffer_.pos == buffer_.size && !more_inside_) {
        WEIR_RETURN_IF_ERROR(refill());
        if (buffer_.size == 0) return in_frame_ || read_ == 0 ? truncated() : absl::StatusOr<size_t>(0);
      }
      const size_t result = ZSTD_decompressStream(zstd_.get(), &output, &buffer_);
      if (ZSTD_isError(result) != 0) return damaged(ZSTD_getErrorName(result));
      in_frame_ = result != 0;
      // With the output full, more of it may wait inside; never after the end of a frame, where the next call
      // would begin another one.
      more_inside_ = in_frame_ && output.pos == output.size;
      if (output.pos > 0) return output.pos;
    }
  }

 private:
  absl::Status refill() {
    WEIR_ASSIGN_OR_RETURN(const size_t got, file_->read(input_.data(), input_.size()));
    read_ += got;
    buffer_ = {input_.data(), got, 0};
    return absl::OkStatus();
  }

  uint64_t consumed() const { return read_ - (buffer_.size - buffer_.pos); }

  absl::Status truncated() const {
    return absl::DataLossError(absl::StrCat(file_->path(), " ends in the middle of its zstd data, at byte ",
                                            consumed(), ": it was cut off"));
  }
  absl::Status damaged(const char* reason) const {
    return absl::DataLossError(
        absl::StrCat(file_->path(), " is damaged or not zstd, at byte ", consumed(), ": ", reason));
  }

  std::unique_ptr<InputFile> file_;
  std::vector<char> input_;
  std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> zstd_;
  ZSTD_inBuffer buffer_{nullptr, 0, 0};
  uint64_t read_ = 0;
  bool in_frame_ = false;
  bool more_inside_ = false;
};

}  // namespace

std::unique_ptr<InputStream> zstd_stream(std::unique_ptr<InputFile> file) {
  return std::make_unique<ZstdStream>(std::move(file));
}

}  // namespace weir
