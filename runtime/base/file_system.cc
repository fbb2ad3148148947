#include "runtime/base/file_system.h"

#include <memory>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "weir/detail/status_macros.h"

namespace weir {

namespace {
constexpr uint64_t kChunk = 1 << 20;
}

absl::StatusOr<std::string> read_file(FileSystem& files, const std::string& path) {
  std::string content;
  while (true) {
    WEIR_ASSIGN_OR_RETURN(std::string chunk, files.read(path, content.size(), kChunk));
    const bool last = chunk.size() < kChunk;
    if (content.empty()) {
      content = std::move(chunk);
    } else {
      content += chunk;
    }
    if (last) return content;
  }
}

absl::Status write_file(FileSystem& files, const std::string& path, std::string_view bytes) {
  WEIR_ASSIGN_OR_RETURN(const std::unique_ptr<WritableFile> file, files.create(path));
  WEIR_RETURN_IF_ERROR(file->append(bytes));
  WEIR_RETURN_IF_ERROR(file->sync());
  return file->close();
}

absl::Status replace_file(FileSystem& files, const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  WEIR_RETURN_IF_ERROR(files.remove(temporary));
  WEIR_RETURN_IF_ERROR(write_file(files, temporary, bytes));
  WEIR_RETURN_IF_ERROR(files.rename(temporary, path));
  const size_t slash = path.rfind('/');
  return files.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

absl::StatusOr<uint64_t> checksum_file(FileSystem& files, const std::string& path) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  if (state == nullptr) return absl::ResourceExhaustedError("no memory to checksum " + path);
  XXH3_64bits_reset(state.get());
  uint64_t offset = 0;
  while (true) {
    WEIR_ASSIGN_OR_RETURN(const std::string chunk, files.read(path, offset, kChunk));
    XXH3_64bits_update(state.get(), chunk.data(), chunk.size());
    offset += chunk.size();
    if (chunk.size() < kChunk) return XXH3_64bits_digest(state.get());
  }
}

}  // namespace weir
