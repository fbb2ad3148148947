// How often each word comes in text files, or with --brokers in the records of a topic. README.md shows how
// to run it.

#include <cctype>
#include <string>

#include "weir/file.h"
#include "weir/kafka.h"
#include "weir/weir.h"
#include "word_counter.h"

/// The runs of letters, in lower case; bytes of other alphabets count as letters.
void split_words(const std::string& line, weir::Collector<std::string>& words) {
  std::string word;
  for (const char c : line + ' ') {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalpha(byte) != 0 || byte >= 0x80) {
      word += static_cast<char>(std::tolower(byte));
    } else if (!word.empty()) {
      words.emit(std::exchange(word, {}));
    }
  }
}

void word_count(weir::Pipeline& pipeline, weir::Arguments& args) {
  const auto brokers = args.get("brokers", "", "Kafka bootstrap servers; empty: read and write files");
  const auto input = args.get("input", "*.txt", "Files of text, as a pattern; with --brokers: a topic");
  const auto output = args.get("output", "word-counts", "Directory of the counts; with --brokers: a topic");
  const bool kafka = !brokers.empty();

  auto lines = kafka ? weir::kafka_source<std::string>({.brokers = brokers, .topic = input, .bounded = true})
                     : weir::file_source<std::string>({.path = input});
  auto counts =
      kafka ? weir::kafka_sink<WordCount>({.brokers = brokers, .topic = output, .key = &WordCount::word})
            : weir::file_sink<WordCount>({.directory = output});

  pipeline.from("lines", lines)
      .flat_map(split_words)
      .key_by([](const std::string& word) { return word; })
      .process<WordCounter>("counter")
      .to("counts", counts);
}

int main(int argc, char** argv) { return weir::run_main(argc, argv, "word_count", word_count); }
