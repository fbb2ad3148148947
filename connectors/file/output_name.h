#pragma once
// Names of output files: results-3fa9c1d2-7-0-000001.jsonl.zst, and until its epoch is out
// .results-3fa9c1d2-7-0-000001.jsonl.zst.tmp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// The eight digits that stand for the job's directory: the start of its incarnation.
std::string run_digits(std::string_view incarnation);

/// Never twice: the run, the attempt in it, the worker, and the worker's count of files.
std::string output_name(std::string_view prefix, std::string_view run, uint64_t attempt, int worker,
                        uint64_t number, std::string_view suffix);

std::string temporary_name(std::string_view final_name);
/// The final name; nothing if it is not a temporary name.
std::optional<std::string> final_name(std::string_view temporary);

/// The run of a final name with this prefix; nothing if it is not such a name.
std::optional<std::string> run_of(std::string_view final_name, std::string_view prefix);

}  // namespace weir
