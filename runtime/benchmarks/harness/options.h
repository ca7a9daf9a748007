// The command line of every benchmark program: WORKLOAD [-flag value]...
//
// All programs (ours, std::thread, Boost.Fiber, Go) take the same line, so that
// a comparison is one line run several times. The flags are spelled as Go's
// flag package does: one dash or two, the value after a blank or '='.
//
// A flag that a workload does not look at is refused: a benchmark that ignores
// what it was asked for prints a figure for something else.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace mn::bench {

class Report;

struct Options {
  std::string workload;
  int p = 0;  // processors; 0: the runtime's own default
  std::map<std::string, std::int64_t> values;  // the other numeric flags
  std::string variant;
  std::chrono::nanoseconds dur{0};  // 0: the workload's default

  // The value of -`flag`; `fallback` when it was not given, or given as 0
  // (which means "the default" in every program).
  std::int64_t Get(const std::string& flag, std::int64_t fallback) const;
  // The same for a flag whose 0 is a value like any other.
  std::int64_t GetEvenZero(const std::string& flag,
                           std::int64_t fallback) const;
};

// One workload: what it is called, the flags that it looks at beside -p
// (separated by blanks), one line for `list`, and the work. `run` is called on
// a task of the runtime.
struct Workload {
  std::string name;
  std::string flags;
  std::string what;
  std::function<void(const Options&, Report&)> run;
  // Why this runtime cannot do it. Then it is not listed, and asking for it
  // throws CannotExpress.
  std::string cannot = {};
};

// Bad input: what() says what is wrong with it and what would be right.
struct UsageError {
  std::string what;
};

// Good input, but nothing that this runtime can do: what() says why not.
struct CannotExpress {
  std::string what;
};

// Parses argv[1..]; throws UsageError or CannotExpress. argv[1] must name one
// of `workloads`.
Options ParseCommandLine(const std::vector<Workload>& workloads,
                         const std::vector<std::string>& args);

// The text of `list`: one workload per line, its name first.
std::string ListWorkloads(const std::vector<Workload>& workloads);

const Workload* FindWorkload(const std::vector<Workload>& workloads,
                             const std::string& name);

}  // namespace mn::bench
