// Park and ready for tests, which call them from outside the runtime.
#pragma once

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

}  // namespace mn::test
