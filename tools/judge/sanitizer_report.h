// What a sanitizer has to say about a case process, in one line.
#pragma once

#include <string>

namespace mn::judge {

struct SanitizerReport {
  std::string what;   // "stack-buffer-overflow, WRITE of size 8"; "": no report
  std::string place;  // "run_queue.cc:32"; "": not told
};

// The first report in what a process printed. `file` is the learner's: a place
// in it is told rather than one in the library that it has called.
SanitizerReport FindSanitizerReport(const std::string& printed,
                                    const std::string& file);

}  // namespace mn::judge
