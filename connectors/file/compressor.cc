#include "connectors/file/compressor.h"

#include <zlib.h>
#include <zstd.h>

#include <limits>

#include "absl/strings/str_cat.h"

namespace weir {

namespace {

constexpr size_t kPiece = 64 << 10;

class GzipCompressor final : public Compressor {
 public:
  GzipCompressor() {
    constexpr int kGzip = 15 + 16;
    constexpr int kMemoryLevel = 8;
    ready_ = deflateInit2(&zlib_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, kMemoryLevel,
                          Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipCompressor() override {
    if (ready_) deflateEnd(&zlib_);
  }

  absl::Status append(std::string_view bytes, std::string& out) override {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, std::numeric_limits<uInt>::max());
      if (absl::Status status = run(piece, Z_NO_FLUSH, out); !status.ok()) return status;
      bytes.remove_prefix(piece.size());
    }
    return absl::OkStatus();
  }
  absl::Status finish(std::string& out) override { return run({}, Z_FINISH, out); }

 private:
  absl::Status run(std::string_view bytes, int flush, std::string& out) {
    if (!ready_) return absl::ResourceExhaustedError("no memory for gzip");
    zlib_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib does not write there
    zlib_.avail_in = static_cast<uInt>(bytes.size());
    int result = Z_OK;
    do {
      const size_t before = out.size();
      out.resize(before + kPiece);
      zlib_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      zlib_.avail_out = kPiece;
      result = deflate(&zlib_, flush);
      out.resize(before + kPiece - zlib_.avail_out);
      if (result == Z_STREAM_ERROR) return absl::InternalError("gzip failed");
    } while (zlib_.avail_out == 0 && result != Z_STREAM_END);
    return absl::OkStatus();
  }

  z_stream zlib_{};
  bool ready_ = false;
};

class ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor() : zstd_(ZSTD_createCCtx(), &ZSTD_freeCCtx) {
    if (zstd_ != nullptr) ZSTD_CCtx_setParameter(zstd_.get(), ZSTD_c_checksumFlag, 1);
  }

  absl::Status append(std::string_view bytes, std::string& out) override {
    return run(bytes, ZSTD_e_continue, out);
  }
  absl::Status finish(std::string& out) override { return run({}, ZSTD_e_end, out); }

 private:
  absl::Status run(std::string_view bytes, ZSTD_EndDirective directive, std::string& out) {
    if (zstd_ == nullptr) return absl::ResourceExhaustedError("no memory for zstd");
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    while (true) {
      const size_t before = out.size();
      out.resize(before + kPiece);
      ZSTD_outBuffer output{out.data() + before, kPiece, 0};
      const size_t left = ZSTD_compressStream2(zstd_.get(), &output, &input, directive);
      out.resize(before + output.pos);
      if (ZSTD_isError(left) != 0)
        return absl::InternalError(absl::StrCat("zstd failed: ", ZSTD_getErrorName(left)));
      if (directive == ZSTD_e_end ? left == 0 : input.pos == input.size) return absl::OkStatus();
    }
  }

  std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx*)> zstd_;
};

}  // namespace

std::unique_ptr<Compressor> make_compressor(FileCompression compression) {
  switch (compression) {
    case FileCompression::kNone: return nullptr;
    case FileCompression::kGzip: return std::make_unique<GzipCompressor>();
    case FileCompression::kZstd: return std::make_unique<ZstdCompressor>();
  }
  return nullptr;
}

std::string_view compression_suffix(FileCompression compression) {
  switch (compression) {
    case FileCompression::kNone: return "";
    case FileCompression::kGzip: return ".gz";
    case FileCompression::kZstd: return ".zst";
  }
  return "";
}

}  // namespace weir
