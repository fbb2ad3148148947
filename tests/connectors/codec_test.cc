// The shells that make typed sources and sinks of connectors that know bytes.

#include <deque>

#include "tests/connectors/random_record.h"
#include "tests/connectors/source_driver.h"
#include "tests/support/catch.h"
#include "weir/detail/decoded_source.h"
#include "weir/detail/encoded_sink.h"
#include "weir/error_policy.h"
#include "weir/json.h"

using namespace weir;
using namespace weir::test;

namespace {

const SplitName kSplit = "trades/3";

class ScriptedReader final : public RawReader {
 public:
  explicit ScriptedReader(std::vector<RawRecord> records) : records_(records.begin(), records.end()) {}
  absl::Status open(SourceContext) override { return absl::OkStatus(); }
  absl::StatusOr<Poll> poll(size_t max_records, RawBatch& batch) override {
    while (!records_.empty() && batch.records.size() < max_records) {
      batch.split = &kSplit;
      batch.records.push_back(records_.front());
      records_.pop_front();
    }
    return batch.records.empty() ? Poll::kEnd : Poll::kMore;
  }
  std::vector<SplitPosition> positions() const override { return {}; }

 private:
  std::deque<RawRecord> records_;
};

class ScriptedSource final : public RawSourceFactory {
 public:
  explicit ScriptedSource(std::vector<RawRecord> records) : records_(std::move(records)) {}
  std::string describe() const override { return "scripted"; }
  std::unique_ptr<RawReader> make() const override { return std::make_unique<ScriptedReader>(records_); }

 private:
  std::vector<RawRecord> records_;
};

RawRecord record(std::string_view value, int64_t offset, Timestamp time = kMinTimestamp) {
  RawRecord record;
  record.value = value;
  record.offset = offset;
  record.time = time;
  return record;
}

template <class T>
SourceDriver<T> driver_of(std::vector<RawRecord> records) {
  return SourceDriver<T>(
      detail::decoded_source<T>(std::make_shared<ScriptedSource>(std::move(records)), default_codec<T>()));
}

struct Written {
  std::string key;
  bool has_key;
  std::string value;
  bool has_value;
  Timestamp time;
  friend bool operator==(const Written&, const Written&) = default;
};

class RecordingSink final : public RawSinkFactory {
 public:
  explicit RecordingSink(std::vector<Written>& written) : written_(written) {}
  std::string describe() const override { return "recording"; }
  std::unique_ptr<RawWriter> make() const override { return std::make_unique<Writer>(written_); }

 private:
  class Writer final : public RawWriter {
   public:
    explicit Writer(std::vector<Written>& written) : written_(written) {}
    absl::Status open(SinkContext) override { return absl::OkStatus(); }
    absl::Status append(const OutputRecord& r) override {
      written_.push_back({std::string(r.key), r.has_key, std::string(r.value), r.has_value, r.time});
      return absl::OkStatus();
    }
    SealJob seal(Epoch) override {
      return [] { return absl::StatusOr<std::vector<Segment>>(std::vector<Segment>{}); };
    }

   private:
    std::vector<Written>& written_;
  };
  std::vector<Written>& written_;
};

template <class T>
absl::Status write(const Sink<T>& sink, const Batch<T>& batch) {
  static const VirtualClock clock;
  auto writer = sink.factory()->make();
  SinkContext context{.id = "out", .clock = clock};
  if (absl::Status status = writer->open(std::move(context)); !status.ok()) return status;
  return writer->write(batch);
}

}  // namespace

TEST_CASE("Records are decoded with their offsets and times") {
  auto driver = driver_of<int>({record("1", 10), record("2", 11, from_millis(5)), record("3", 12)});
  REQUIRE(driver.open().ok());
  REQUIRE(driver.drain(2).ok());
  using Record = SourceDriver<int>::Record;
  CHECK(driver.records == std::vector<Record>{{"trades/3", 10, kMinTimestamp, 1},
                                              {"trades/3", 11, from_millis(5), 2},
                                              {"trades/3", 12, kMinTimestamp, 3}});
}

TEST_CASE("A record that cannot be decoded fails the source, which names source, place and reason") {
  auto driver =
      driver_of<Leg>({record(R"({"origin":"a","at":1})", 7), record(R"({"origin":"a","at":"x"})", 8)});
  REQUIRE(driver.open().ok());
  CHECK(driver.drain().message() ==
        "source 'in': cannot decode trades/3 offset 8: member `at`: expected integer, found string");
}

TEST_CASE("Bad records can be taken aside, and the good ones around them arrive") {
  auto driver = driver_of<int>(
      {record("x", 1, from_millis(1)), record("2", 2), record("", 3), record("4", 4, from_millis(4))});
  std::vector<std::string> bad;
  driver.on_bad_record = [&](const RawRecord& r, const SplitName& split, const absl::Status& reason) {
    bad.push_back(split + ":" + std::to_string(r.offset) + ":" + std::string(r.value) + ":" +
                  (reason.ok() ? "?" : std::string(reason.message())));
    return absl::OkStatus();
  };
  REQUIRE(driver.open().ok());
  REQUIRE(driver.drain().ok());
  CHECK(driver.values() == std::vector<int>{2, 4});
  CHECK(driver.records[0].time == kMinTimestamp);
  CHECK(driver.records[1].time == from_millis(4));
  REQUIRE(bad.size() == 2);
  CHECK_THAT(bad[0], Catch::StartsWith("trades/3:1:x:not JSON"));
  CHECK_THAT(bad[1], Catch::StartsWith("trades/3:3::not JSON"));
}

TEST_CASE("Who takes bad records may give up") {
  auto driver = driver_of<int>({record("x", 1)});
  driver.on_bad_record = [](const RawRecord&, const SplitName&, const absl::Status&) {
    return absl::AbortedError("too many");
  };
  REQUIRE(driver.open().ok());
  CHECK(driver.drain() == absl::AbortedError("too many"));
}

TEST_CASE("A tombstone is an empty optional, and for other types a bad record") {
  RawRecord tombstone = record("", 5);
  tombstone.has_value = false;
  auto optional = driver_of<std::optional<int>>({record("1", 4), tombstone, record("null", 6)});
  REQUIRE(optional.open().ok());
  REQUIRE(optional.drain().ok());
  CHECK(optional.values() == std::vector<std::optional<int>>{1, std::nullopt, std::nullopt});
  auto plain = driver_of<int>({tombstone});
  REQUIRE(plain.open().ok());
  CHECK(plain.drain().message() ==
        "source 'in': cannot decode trades/3 offset 5: the record has no value (a tombstone); read it as "
        "std::optional");
}

TEST_CASE("Records are encoded with keys and times, empty optionals as tombstones") {
  std::vector<Written> written;
  Batch<std::optional<int>> batch;
  batch.push_back(7, from_millis(1));
  batch.push_back(std::nullopt, from_millis(2));
  const auto raw = std::make_shared<RecordingSink>(written);
  const auto codec = default_codec<std::optional<int>>();
  REQUIRE(write(detail::encoded_sink<std::optional<int>>(raw, codec), batch).ok());
  CHECK(written == std::vector<Written>{{"", false, "7", true, from_millis(1)},
                                        {"", false, "null", false, from_millis(2)}});
  written.clear();
  const detail::KeyWriter<std::optional<int>> key = [](const std::optional<int>& value, std::string& out) {
    out += value ? "k7" : "none";
  };
  REQUIRE(write(detail::encoded_sink<std::optional<int>>(raw, codec, key), batch).ok());
  CHECK(written[0].key == "k7");
  CHECK(written[1].key == "none");
  CHECK(written[1].has_key);
}

TEST_CASE("A record that cannot be encoded fails the sink, which names sink, place and reason") {
  std::vector<Written> written;
  Batch<double> batch;
  batch.push_back(1, from_millis(1));
  batch.push_back(NAN, from_millis(2));
  const auto sink =
      detail::encoded_sink<double>(std::make_shared<RecordingSink>(written), default_codec<double>());
  CHECK(write(sink, batch).message() == "sink 'out': cannot encode the record at time 2: NaN has no JSON");
  batch.split = &kSplit;
  batch.offsets = {8, 9};
  CHECK(write(sink, batch).message() ==
        "sink 'out': cannot encode the record at trades/3 offset 9: NaN has no JSON");
}

TEST_CASE("A codec that lacks the direction is refused before anything runs") {
  std::vector<Written> written;
  CHECK(detail::decoded_source<int>(std::make_shared<ScriptedSource>(std::vector<RawRecord>{}), Codec<int>{})
            .factory()
            ->check()
            .message() == "scripted: its codec cannot decode");
  CHECK(detail::encoded_sink<int>(std::make_shared<RecordingSink>(written), Codec<int>{})
            .factory()
            ->check()
            .message() == "recording: its codec cannot encode");
}

TEST_CASE("A dead letter's policy holds its sink") {
  std::vector<Written> written;
  CHECK(ErrorPolicy().action() == ErrorPolicy::Action::kFail);
  CHECK(ErrorPolicy::skip().action() == ErrorPolicy::Action::kSkip);
  const ErrorPolicy policy = ErrorPolicy::dead_letter(
      "bad", detail::encoded_sink<DeadLetter>(std::make_shared<RecordingSink>(written),
                                              default_codec<DeadLetter>()));
  CHECK(policy.action() == ErrorPolicy::Action::kDeadLetter);
  CHECK(policy.sink_id()->name() == "bad");
  Batch<DeadLetter> letters;
  letters.push_back({"{", "not JSON", "in", "trades/3", 4}, from_millis(1));
  REQUIRE(write(*policy.sink(), letters).ok());
  CHECK(written[0].value ==
        R"({"record":"{","error":"not JSON","operator_id":"in","split":"trades/3","offset":4})");
}
