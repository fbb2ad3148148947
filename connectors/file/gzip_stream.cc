#include <zlib.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "connectors/file/input_file.h"
#include "weir/detail/status_macros.h"

namespace weir {

namespace {

class GzipStream final : public InputStream {
 public:
  explicit GzipStream(std::unique_ptr<InputFile> file) : file_(std::move(file)), input_(1 << 16) {}
  ~GzipStream() override {
    if (initialised_) inflateEnd(&zlib_);
  }

  absl::StatusOr<size_t> read(char* out, size_t size) override {
    size = std::min<size_t>(size, std::numeric_limits<uInt>::max());
    while (true) {
      if (zlib_.avail_in == 0) {
        WEIR_RETURN_IF_ERROR(refill());
        if (zlib_.avail_in == 0)
          return in_member_ || consumed() == 0 ? truncated() : absl::StatusOr<size_t>(0);
      }
      if (!in_member_) WEIR_RETURN_IF_ERROR(start_member());
      zlib_.next_out = reinterpret_cast<Bytef*>(out);
      zlib_.avail_out = static_cast<uInt>(size);
      const int result = inflate(&zlib_, Z_NO_FLUSH);
      if (result == Z_STREAM_END) {
        in_member_ = false;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        return damaged();
      }
      if (const size_t produced = size - zlib_.avail_out; produced > 0) return produced;
    }
  }

 private:
  absl::Status refill() {
    WEIR_ASSIGN_OR_RETURN(const size_t got, file_->read(input_.data(), input_.size()));
    read_ += got;
    zlib_.next_in = reinterpret_cast<Bytef*>(input_.data());
    zlib_.avail_in = static_cast<uInt>(got);
    return absl::OkStatus();
  }

  absl::Status start_member() {
    constexpr int kGzipOnly = 15 + 16;
    const int result = initialised_ ? inflateReset(&zlib_) : inflateInit2(&zlib_, kGzipOnly);
    if (result != Z_OK) return absl::ResourceExhaustedError("no memory to read " + file_->path());
    initialised_ = true;
    in_member_ = true;
    return absl::OkStatus();
  }

  uint64_t consumed() const { return read_ - zlib_.avail_in; }

  absl::Status truncated() const {
    return absl::DataLossError(absl::StrCat(file_->path(), " ends in the middle of its gzip data, at byte ",
                                            consumed(), ": it was cut off"));
  }
  absl::Status damaged() const {
    return absl::DataLossError(absl::StrCat(file_->path(), " is damaged or not gzip, at byte ", consumed(),
                                            ": ", zlib_.msg != nullptr ? zlib_.msg : "unknown error"));
  }

  std::unique_ptr<InputFile> file_;
  std::vector<char> input_;
  z_stream zlib_{};
  uint64_t read_ = 0;
  bool initialised_ = false;
  bool in_member_ = false;
};

}  // namespace

std::unique_ptr<InputStream> gzip_stream(std::unique_ptr<InputFile> file) {
  return std::make_unique<GzipStream>(std::move(file));
}

}  // namespace weir
