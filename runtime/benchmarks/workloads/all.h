// Every workload that a runtime can express, in the order of their numbers.
//
// The work is written once, against a runtime `Rt`; a class of static functions
// and types, so that nothing stands between the work and what it calls:
//
//   kName            what the JSON line calls it
//   Run(p, driver)   runs `driver()`, which ends the process, as a task with p
//                    processors (0: as many as the runtime takes by itself)
//   Processors()     p as it is
//   Go(f), Yield(), Sleep(d)
//   kPreempts        a task that computes for ever does not keep others from
//                    running
//   Syscall(f)       runs f, which blocks the thread, while the other tasks go
//                    on; returns what f returns. May be left out
//   Foreign(f), Callback(f)
//                    runs f as C code; runs f as a task again, inside Foreign.
//                    May be left out
//   StopTheWorld()   returns when every task has stood still and goes on.
//                    May be left out
//   LockOSThread()   the task keeps its thread; kAlwaysLocked: every task does
//                    anyway. May be left out
//   WaitGroup        Add(n) Done() Wait()
//   Mutex            Lock() Unlock()
//   RWMutex          Lock() Unlock() RLock() RUnlock(); may be left out
//   Chan<T>          a handle: Chan(cap), Send, Recv, Next, Close;
//                    Slots(cap): the buffer that a channel of cap really has
//   kStackBytes      address space of one task's stack
//   kMost...         sizes beyond which a run would take minutes or exceed what
//                    the system allows; the workload is scaled down to them and
//                    its params say so
#pragma once

#include <vector>

#include "runtime/benchmarks/workloads/calib.h"
#include "runtime/benchmarks/workloads/channels.h"
#include "runtime/benchmarks/workloads/fan.h"
#include "runtime/benchmarks/workloads/foreign.h"
#include "runtime/benchmarks/workloads/locks.h"
#include "runtime/benchmarks/workloads/memory.h"
#include "runtime/benchmarks/workloads/preemption.h"
#include "runtime/benchmarks/workloads/spawn.h"
#include "runtime/benchmarks/workloads/syscalls.h"
#include "runtime/benchmarks/workloads/threads.h"
#include "runtime/benchmarks/workloads/timers.h"
#include "runtime/benchmarks/workloads/trees.h"

namespace mn::bench {

template <class Rt>
std::vector<Workload> AllWorkloads() {
  std::vector<Workload> all;
  for (auto& group :
       {CalibWorkloads<Rt>(), SpawnWorkloads<Rt>(), ChannelWorkloads<Rt>(),
        LockWorkloads<Rt>(), FanWorkloads<Rt>(), TreeWorkloads<Rt>(),
        TimerWorkloads<Rt>(), MemoryWorkloads<Rt>(), SyscallWorkloads<Rt>(),
        ForeignWorkloads<Rt>(), ThreadWorkloads<Rt>(),
        PreemptionWorkloads<Rt>()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace mn::bench
