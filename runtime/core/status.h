// The states of a G and of a P, and why a G waits.
#pragma once

#include <cstdint>

namespace mn {

// G states. Beside each stands the one place that holds a G in that state.
// LegalTransition says which steps are legal, and SetStatus (core/g.h) checks.
enum class GStatus : std::uint32_t {
  kIdle = 0,      // its creator, which has it fresh from the stack pool
  kRunnable = 1,  // on exactly one run queue (local, runnext or global)
  kRunning = 2,   // m->curg of exactly one M that holds a P
  kSyscall = 3,   // m->curg of an M whose P is left in the call or gone
  kWaiting = 4,  // the thing that it waits for (a channel's queue, a timer ...)
  kDead = 6,     // a free list, or its next creator
  kDetached = 9,  // m->curg of an M whose P preemption took (sched/detach.h)
};

// P states, with Go's numbers. Beside each stands the one place that holds a P
// in that state.
enum class PStatus : std::uint32_t {
  kIdle = 0,     // sched.pidle
  kRunning = 1,  // m->p of exactly one M, or the P is on its way to an M, in
                 // m->nextp, in sched.needm or with the starter of the M
  kSyscall = 2,  // nobody. m->oldp of an M in a system call remembers the P.
                 // The thread that moves the state from here by
                 // compare-and-swap has the P
  kGcstop = 3,   // the thread that has stopped the world
  kDead = 4,     // nobody, since GOMAXPROCS is smaller now
};

// PARK-3: these are all the ways in which a goroutine's state may change.
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

// Why a goroutine is kWaiting. WaitReasonText has Go's texts, since people grep
// for them.
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

// Returns the text of `reason` that dumps show. Valid for ever.
// Mirrors: waitReason.String.
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

// Returns the text of `status` that dumps show. Valid for ever.
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
      return "running";  // to the program it is
  }
  return "unknown";
}

}  // namespace mn
