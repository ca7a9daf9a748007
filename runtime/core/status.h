// The states of a G and of a P, and why a G waits.
#pragma once

#include <cstdint>

namespace mn {

// G states. The comment names the one place that holds the G in that state.
// Legal transitions: LegalTransition below; core/g.h checks them.
enum class GStatus : std::uint32_t {
  kIdle = 0,      // fresh from the stack pool; its creator
  kRunnable = 1,  // on exactly one run queue (local, runnext or global)
  kRunning = 2,   // m->curg of exactly one M that holds a P
  kSyscall = 3,   // m->curg of an M whose P is left in the call or gone
  kWaiting = 4,   // on whatever it waits for (a channel's queue, a timer ...)
  kDead = 6,      // on a free list, or its next creator
  kDetached = 9,  // runs on without a P, which preemption took
                  // (sched/detach.h)
};

// P states (Go's numbers). The comment names the one place that holds the P.
enum class PStatus : std::uint32_t {
  kIdle = 0,     // on sched.pidle
  kRunning = 1,  // m->p of exactly one M, or on its way to one: m->nextp,
                 // sched.needm, or in the hands of whoever starts the M
  kSyscall = 2,  // nobody: m->oldp of an M in a system call, which comes back
                 // for it; whoever moves the state from here by
                 // compare-and-swap has it
  kGcstop = 3,   // whoever has stopped the world
  kDead = 4,     // nobody: above GOMAXPROCS
};

// PARK-3: these are all the ways a goroutine's state may change.
constexpr bool LegalTransition(GStatus from, GStatus to) {
  switch (from) {
    case GStatus::kIdle:
    case GStatus::kDead:
      return to == GStatus::kRunnable || to == GStatus::kDead;
    case GStatus::kRunnable:
      return to == GStatus::kRunning;
    case GStatus::kRunning:
      return to == GStatus::kRunnable || to == GStatus::kWaiting ||
             to == GStatus::kSyscall || to == GStatus::kDetached ||
             to == GStatus::kDead;
    case GStatus::kDetached:
    case GStatus::kSyscall:
      return to == GStatus::kRunning || to == GStatus::kRunnable;
    case GStatus::kWaiting:
      return to == GStatus::kRunnable;
  }
  return false;
}

// Why a goroutine is kWaiting. The texts are Go's, since people grep for them.
enum class WaitReason : std::uint8_t {
  kNone,
  kChanReceive,
  kChanReceiveNil,
  kChanSend,
  kChanSendNil,
  kSelect,
  kSelectNoCases,
  kSleep,
  kSemacquire,
  kCondWait,
  kMutexLock,
  kRWMutexRLock,
  kRWMutexLock,
  kWaitGroupWait,
};

constexpr const char* WaitReasonText(WaitReason reason) {
  switch (reason) {
    case WaitReason::kNone:
      return "";
    case WaitReason::kChanReceive:
      return "chan receive";
    case WaitReason::kChanReceiveNil:
      return "chan receive (nil chan)";
    case WaitReason::kChanSend:
      return "chan send";
    case WaitReason::kChanSendNil:
      return "chan send (nil chan)";
    case WaitReason::kSelect:
      return "select";
    case WaitReason::kSelectNoCases:
      return "select (no cases)";
    case WaitReason::kSleep:
      return "sleep";
    case WaitReason::kSemacquire:
      return "semacquire";
    case WaitReason::kCondWait:
      return "sync.Cond.Wait";
    case WaitReason::kMutexLock:
      return "sync.Mutex.Lock";
    case WaitReason::kRWMutexRLock:
      return "sync.RWMutex.RLock";
    case WaitReason::kRWMutexLock:
      return "sync.RWMutex.Lock";
    case WaitReason::kWaitGroupWait:
      return "sync.WaitGroup.Wait";
  }
  return "unknown wait reason";
}

constexpr const char* GStatusText(GStatus status) {
  switch (status) {
    case GStatus::kIdle:
      return "idle";
    case GStatus::kRunnable:
      return "runnable";
    case GStatus::kRunning:
      return "running";
    case GStatus::kSyscall:
      return "syscall";
    case GStatus::kWaiting:
      return "waiting";
    case GStatus::kDead:
      return "dead";
    case GStatus::kDetached:
      return "running";
  }
  return "unknown";
}

}  // namespace mn
