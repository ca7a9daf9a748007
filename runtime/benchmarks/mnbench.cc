// mnbench: the workloads on the runtime of this repository. See README.md.

#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/runtimes/mn_runtime.h"
#include "runtime/benchmarks/workloads/all.h"

int main(int argc, char** argv) {
  using Rt = mn::bench::MnRuntime;
  return mn::bench::Program<Rt>(mn::bench::AllWorkloads<Rt>(), argc, argv);
}
