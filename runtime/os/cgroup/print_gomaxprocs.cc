// Prints, once at the start and again for every byte on stdin, what the cgroup
// that this process was started in says, for a machine of 64 CPUs:
//
//   document=3 go=3 maxprocs: GOMAXPROCS=3: quota of 2.5 CPUs, rounded up (...)
//
// The argument `whole` counts the ancestors too. For real_cgroup_test.cc.
#include <stdio.h>
#include <string.h>

#include "runtime/os/cgroup/cpu.h"
#include "runtime/os/cgroup/default_gomaxprocs.h"

int main(int argc, char** argv) {
  using namespace mn::cgroup;
  const bool whole = argc > 1 && strcmp(argv[1], "whole") == 0;
  const CPU cpu = CPU::Open("", whole ? Policy::kWholePath : Policy::kLeaf);
  do {
    const Limit limit = cpu.Read();
    const auto document = DefaultGomaxprocs(Profile::kDocument, 64, limit.cpus);
    const auto go = DefaultGomaxprocs(Profile::kGo, 64, limit.cpus);
    printf("document=%d go=%d %s\n", document.procs, go.procs,
           ExplainGomaxprocs(document, cpu, limit).c_str());
    fflush(stdout);
  } while (getchar() != EOF);
}
