// Something about a submission that a person should look at. A flag never
// changes a score: in-process code can always lie, and so can a pattern that
// finds it, so the machine points and the instructor decides.
#pragma once

#include <string>

namespace mn::grade {

struct Flag {
  std::string kind;  // "tampering", "forbidden", "outside", "link", "canary"
  std::string file;  // the keep-listed path, or where it was found
  int line = 0;      // 0: the file as a whole
  std::string what;  // what was seen, fit for a terminal
  std::string why;   // why it matters, one sentence
};

}  // namespace mn::grade
