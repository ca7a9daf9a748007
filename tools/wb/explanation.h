// Counting sentences in what a learner wrote.
#pragma once

#include <string_view>

namespace mn::wb {

// Sentences of at least two words. A sentence ends with . ! ? or with the text;
// with its line if the next line begins with a capital, or if the text has no
// full stop at all: some people write one sentence a line. A full stop inside a
// word (3.5, run_queue.cc) or after an abbreviation (e.g., etc.) ends nothing.
int CountSentences(std::string_view text);

}  // namespace mn::wb
