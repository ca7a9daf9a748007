// stdbench: the workloads on kernel threads (std::thread). See README.md.

#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/runtimes/std_runtime.h"
#include "runtime/benchmarks/workloads/all.h"

int main(int argc, char** argv) {
  using Rt = mn::bench::StdRuntime;
  return mn::bench::Program<Rt>(mn::bench::AllWorkloads<Rt>(), argc, argv);
}
