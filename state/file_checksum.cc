#include "state/file_checksum.h"

#include <xxhash.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "weir/detail/coding.h"

namespace weir {

namespace {

class Generator final : public rocksdb::FileChecksumGenerator {
 public:
  Generator() : state_(XXH3_createState(), &XXH3_freeState) { XXH3_64bits_reset(state_.get()); }
  void Update(const char* data, size_t size) override { XXH3_64bits_update(state_.get(), data, size); }
  void Finalize() override { checksum_ = to_rocksdb_checksum(XXH3_64bits_digest(state_.get())); }
  std::string GetChecksum() const override { return checksum_; }
  const char* Name() const override { return kFileChecksumName; }

 private:
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state_;
  std::string checksum_;
};

class Factory final : public rocksdb::FileChecksumGenFactory {
 public:
  std::unique_ptr<rocksdb::FileChecksumGenerator> CreateFileChecksumGenerator(
      const rocksdb::FileChecksumGenContext& context) override {
    const std::string& wanted = context.requested_checksum_func_name;
    if (!wanted.empty() && wanted != kFileChecksumName) return nullptr;
    return std::make_unique<Generator>();
  }
  const char* Name() const override { return kFileChecksumName; }
};

}  // namespace

std::shared_ptr<rocksdb::FileChecksumGenFactory> file_checksum_factory() {
  return std::make_shared<Factory>();
}

std::string to_rocksdb_checksum(uint64_t checksum) {
  std::string bytes;
  detail::put_fixed(bytes, checksum);
  return bytes;
}

absl::StatusOr<uint64_t> from_rocksdb_checksum(const std::string& path, const std::string& function,
                                               const std::string& value) {
  detail::ByteReader in(value);
  const auto checksum = in.fixed<uint64_t>();
  if (function != kFileChecksumName || !in.at_end())
    return absl::InternalError(
        absl::StrCat("state file without our checksum (has \"", function, "\"): ", path));
  return checksum;
}

}  // namespace weir
