// fiberbench: the workloads on Boost.Fiber. See README.md.

#include "runtime/benchmarks/harness/program.h"
#include "runtime/benchmarks/runtimes/fiber_runtime.h"
#include "runtime/benchmarks/workloads/all.h"

int main(int argc, char** argv) {
  using Rt = mn::bench::FiberRuntime;
  return mn::bench::Program<Rt>(mn::bench::AllWorkloads<Rt>(), argc, argv);
}
