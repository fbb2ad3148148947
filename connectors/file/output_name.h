#pragma once
// Names of output files: results-3fa9c1d2-7-0-9b1f03aa-000001.jsonl.zst, and until its epoch is out
// .results-3fa9c1d2-7-0-9b1f03aa-000001.jsonl.zst.tmp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// What a writer's file names have in common.
struct OutputNames {
  std::string prefix;
  std::string run;  ///< run_digits
  uint64_t attempt = 0;
  int worker = 0;
  /// Random, of this writer: a savepoint that is restored elsewhere keeps the run and counts attempts anew.
  uint32_t drawn = 0;
  std::string suffix;

  std::string name(uint64_t number) const;
};

/// The eight digits that stand for the job: the start of its incarnation.
std::string run_digits(std::string_view incarnation);

std::string temporary_name(std::string_view final_name);
/// The final name; nothing if it is not a temporary name.
std::optional<std::string> final_name(std::string_view temporary);

/// The run of a final name with this prefix; nothing if it is not such a name.
std::optional<std::string> run_of(std::string_view final_name, std::string_view prefix);

}  // namespace weir
