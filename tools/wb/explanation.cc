#include "tools/wb/explanation.h"

#include "tools/common/text.h"

namespace mn::wb {

int CountSentences(std::string_view text) {
  int sentences = 0, words = 0;
  for (const std::string& word : tools::Words(text)) {
    ++words;
    std::string_view end = word;
    while (end.ends_with('"') || end.ends_with(')')) end.remove_suffix(1);
    if (end.ends_with('.') || end.ends_with('!') || end.ends_with('?')) {
      if (words >= 3) ++sentences;
      words = 0;
    }
  }
  return sentences + (words >= 3 ? 1 : 0);
}

}  // namespace mn::wb
