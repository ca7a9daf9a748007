// Park and ready for tests, which call them from outside the runtime.
#pragma once

#include "runtime/core/sched.h"
#include "runtime/go.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"

namespace mn::test {

inline void Ready(G* gp) {
  RuntimeCall call("test::Ready");
  Goready(gp);
}

inline void Park(bool (*commit)(G*, void*), void* arg, WaitReason reason) {
  ParkingCall call("test::Park");
  Gopark(commit, arg, reason);
}

inline void ParkUnlock(RtMutex* lock, WaitReason reason) {
  RuntimeCall call("test::ParkUnlock");
  GoparkUnlock(lock, reason);
}

[[noreturn]] inline void ParkForever(WaitReason reason) {
  RuntimeCall call("test::ParkForever");
  GoparkForever(reason);
}

// Yields until n goroutines are parked for this reason: each is in the queue of
// what it waits for.
inline void AwaitParked(int n, WaitReason reason) {
  struct Count {
    WaitReason reason;
    int n = 0;
  };
  for (;;) {
    Count parked{reason};
    ForEachG(
        [](G* gp, void* arg) {
          auto* count = static_cast<Count*>(arg);
          if (gp->status == GStatus::kWaiting &&
              gp->waitreason == count->reason) {
            count->n++;
          }
        },
        &parked);
    if (parked.n == n) return;
    Gosched();
  }
}

}  // namespace mn::test
