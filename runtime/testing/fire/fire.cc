// fire: burns for as long as you like, to try preemption
// (sched/preempt_signal.h) on a compiler, a libc or a machine that it was not
// tried on.
//
//   bazel run -c opt //runtime/testing/fire -- --seconds=60 --goroutines=112
//
// Ends with status 0 if every result was right, 1 if one was wrong; a crash or
// `HUNG` is a failure as well. GODEBUG in the environment replaces the slice,
// e.g. GODEBUG=preempt=handoff,preemptslice=200.
#include <stdio.h>
#include <stdlib.h>

#include <chrono>
#include <string>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "runtime/mn.h"
#include "runtime/testing/fire/fire_work.h"
#include "runtime/testing/stress/stress.h"

ABSL_FLAG(int, seconds, 60, "how long to burn");
ABSL_FLAG(int, goroutines, 64, "how many goroutines burn (16 to 112)");
ABSL_FLAG(int, slice_us, 200, "the time slice in microseconds");

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Goroutines that do what is dangerous to interrupt, interrupted often.");
  absl::ParseCommandLine(argc, argv);
  const std::string godebug =
      "preemptslice=" + std::to_string(absl::GetFlag(FLAGS_slice_us));
  ::setenv("GODEBUG", godebug.c_str(), /*overwrite=*/0);
  return mn::Main([] {
    mn::test::FireReport report;
    {
      mn::test::Watchdog dog("fire");
      mn::test::RunFire(
          absl::GetFlag(FLAGS_goroutines),
          std::chrono::seconds(absl::GetFlag(FLAGS_seconds)), report,
          [](void* d) { static_cast<mn::test::Watchdog*>(d)->Progress(); },
          &dog);
    }
    for (std::size_t i = 0; i < mn::test::kFireKinds.size(); i++) {
      printf("%-10s %10ld steps\n", mn::test::kFireKinds[i],
             report.steps[i].load());
    }
    printf("%d threads at most on %d Ps; %ld wrong results\n",
           report.max_threads, mn::GOMAXPROCS(), report.wrong.load());
    if (report.wrong != 0) printf("first: %s\n", report.first_wrong.load());
    return report.wrong == 0 ? 0 : 1;
  });
}
