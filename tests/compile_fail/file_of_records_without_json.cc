// error: weir::FileSourceOptions<Quote>
#include "trade.h"
#include "weir/file.h"

struct Quote {
  double bid = 0;
};

void define(weir::Pipeline& pipeline) {
  pipeline.from("quotes", weir::file_source<Quote>({.path = "quotes.jsonl"}));
}
