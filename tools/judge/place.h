// From an address in a case process to function, file and line.
//
// The judge looks the address up, outside of the case process, whose memory may
// be broken. The debug information is partly the learner's (inline assembly may
// write anything there), so that a child process reads the file.
#pragma once

#include <cstdint>
#include <string>

namespace mn::judge {

struct Place {
  std::string function;  // without parameters: "mn::RunqGet"; "" if unknown
  std::string file;      // as the build spells it; "" if unknown
  int line = 0;
  // Of assembly, which has no line of its own: FILE:LINE is where its label
  // stands, so many bytes before. -1 otherwise.
  std::int64_t past_label = -1;

  bool known() const { return !function.empty() || !file.empty(); }
};

// `offset`: of the instruction from the program's load address. `source` is the
// learner's text and `path` its name: labels of assembly are looked up there.
Place PlaceOf(const std::string& program, std::int64_t offset,
              const std::string& source, const std::string& path);

// "mn::RunqGet at exercises/04_run_queue/run_queue.cc:41".
std::string Describe(const Place& place);

// The place is in a driver, or in what drivers use (hostile/ is neither).
bool IsJudges(const Place& place);

}  // namespace mn::judge
