// main() of a benchmark program, for any runtime.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "runtime/benchmarks/harness/options.h"
#include "runtime/benchmarks/harness/report.h"

namespace mn::bench {

// Ends the process at once. Tasks may be blocked for ever in what a workload
// left behind, or still be running: nothing that they may look at is destroyed.
[[noreturn]] inline void Finish(int status) {
  std::fflush(nullptr);
  std::_Exit(status);
}

// The work came out wrong: says what, and ends the process with status 1.
[[noreturn]] inline void Wrong(const std::string& what) {
  std::fprintf(stderr, "wrong result: %s\n", what.c_str());
  Finish(1);
}

inline constexpr int kCannotExpress = 3;

// One process is one sample: warm-up, one timed part, one JSON line on stdout.
// Exit status: 0; 1 when the work went wrong; 2 for a bad command line; 3 for
// work that this runtime cannot express.
template <class Rt>
int Program(const std::vector<Workload>& workloads, int argc, char** argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() == 1 && args[0] == "list") {
    std::fputs(ListWorkloads(workloads).c_str(), stdout);
    return 0;
  }
  auto refuse = [](const std::string& what, int status) {
    const bool line_ends = !what.empty() && what.back() == '\n';
    std::fprintf(stderr, "%sbench: %s%s", Rt::kName, what.c_str(),
                 line_ends ? "" : "\n");
    return status;
  };
  Options options;
  try {
    options = ParseCommandLine(workloads, args);
  } catch (const UsageError& e) {
    return refuse(e.what, 2);
  } catch (const CannotExpress& e) {
    return refuse(e.what, kCannotExpress);
  }
  Rt::Run(options.p, [&] {
    Report report(options.workload);
    try {
      FindWorkload(workloads, options.workload)->run(options, report);
    } catch (const UsageError& e) {
      Finish(refuse(e.what, 2));
    } catch (const CannotExpress& e) {
      Finish(refuse(e.what, kCannotExpress));
    }
    std::puts(report.Line(Rt::kName, Rt::Processors()).c_str());
    Finish(0);
  });
  return 1;  // not reached: the driver ends the process
}

}  // namespace mn::bench
