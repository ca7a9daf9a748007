// Counting sentences in what a learner wrote.
#pragma once

#include <string_view>

namespace mn::wb {

// Sentences of at least three words, ended by . ! ? or the end of the text. A
// full stop inside a word (3.5, run_queue.cc) ends nothing.
int CountSentences(std::string_view text);

}  // namespace mn::wb
