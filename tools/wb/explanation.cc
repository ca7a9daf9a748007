#include "tools/wb/explanation.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "tools/common/text.h"

namespace mn::wb {
namespace {

bool IsUpper(char c) { return std::isupper(static_cast<unsigned char>(c)); }

// Never the end of a sentence, whatever follows: "e.g. G1".
bool IsAbbreviation(std::string_view word) {
  constexpr std::string_view kAlways[] = {"e.g.",    "i.e.",  "vs.", "cf.",
                                          "approx.", "resp.", "fig."};
  while (word.starts_with('(')) word.remove_prefix(1);
  const std::string lower = tools::Lower(word);
  return std::find(std::begin(kAlways), std::end(kAlways), lower) !=
         std::end(kAlways);
}

bool EndsSentence(std::string_view word, std::string_view next) {
  while (word.ends_with('"') || word.ends_with(')')) word.remove_suffix(1);
  if (word.ends_with('!') || word.ends_with('?')) return true;
  if (!word.ends_with('.') || IsAbbreviation(word)) return false;
  // "etc." may be the last word.
  return tools::Lower(word) != "etc." || next.empty() || IsUpper(next[0]);
}

}  // namespace

int CountSentences(std::string_view text) {
  struct Word {
    std::string text;
    bool first_of_line;
  };
  std::vector<Word> words;
  for (const std::string& line : tools::Lines(text)) {
    bool first = true;
    for (std::string& word : tools::Words(line)) {
      words.push_back({std::move(word), first});
      first = false;
    }
  }
  auto stops_after = [&](std::size_t i) {
    return EndsSentence(words[i].text,
                        i + 1 < words.size() ? words[i + 1].text : "");
  };
  bool any_stop = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    any_stop = any_stop || stops_after(i);
  }
  int sentences = 0, length = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    ++length;
    const bool line_ends = i + 1 < words.size() && words[i + 1].first_of_line;
    const bool ends =
        i + 1 == words.size() || stops_after(i) ||
        (line_ends && (!any_stop || IsUpper(words[i + 1].text[0])));
    if (!ends) continue;
    if (length >= 2) ++sentences;
    length = 0;
  }
  return sentences;
}

}  // namespace mn::wb
