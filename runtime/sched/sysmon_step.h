// One look of sysmon. What sysmon does about the things it sees, and when
// sysmon looks again.
//
// Why this is hard. sysmon must look often enough to take a P from a system
// call after 20 us, and must cost nothing. A look every 20 us costs a third of
// a CPU. So sysmon looks often only while there is something to see. If there
// is nothing, each sleep is twice as long as the one before. While every P is
// idle sysmon sleeps without an end.
//
// SysmonStep is a pure function of the view, the time, and its own state. So
// the tests run it on virtual time. The thread around it is in sysmon.h.
//
// We rejected a decision inside the thread. Each test of a threshold would have
// to wait for the threshold, and would depend on the speed of the machine.
//
// Invariants:
//   MON-1 sleeps 20 us; after 50 looks without a retake twice as long each
//         time, 10 ms at most; back to 20 us when it took something, and for
//         a few looks when it was woken;
//   MON-2 a P is taken from a system call at the second sighting at the
//         earliest;
//   MON-3 a P is not taken from a system call before 10 ms while nothing waits
//         for it, no timer of its own is overdue, and another P is free or an M
//         is looking for work;
//   MON-4 a goroutine that ran for 10 ms while others wait is asked to give
//         way;
//   MON-7 a goroutine that ran for 200 us is asked to give way when a timer of
//         its P is overdue, or when a goroutine is back from a system call and
//         every P is taken; each P at most once a millisecond.
#pragma once

#include <cstdint>
#include <vector>

namespace mn {

// The shortest and the longest sleep between two looks, in nanoseconds (MON-1).
inline constexpr std::int64_t kSysmonMinNs = 20'000;
inline constexpr std::int64_t kSysmonMaxNs = 10'000'000;
// So many looks without a retake keep the shortest sleep, as in Go.
inline constexpr int kSysmonIdleLooks = 50;
// After an early wake-up so many looks keep the shortest sleep.
inline constexpr int kSysmonLooksWhenWoken = 5;
// A sleep that lasts until somebody wakes sysmon.
inline constexpr std::int64_t kSysmonForever = INT64_MAX;
// The slice of a goroutine while others wait (MON-4), as in Go.
inline constexpr std::int64_t kSliceNs = 10'000'000;
// The shorter slice for urgent cases, and the pause between two requests to the
// same P (MON-7).
inline constexpr std::int64_t kUrgentSliceNs = 200'000;
inline constexpr std::int64_t kUrgentPauseNs = 1'000'000;
// How late a timer may be before sysmon acts. A P that schedules often runs its
// timers in this time, without sysmon.
inline constexpr std::int64_t kTimerGraceNs = 100'000;
// Returns the time at which a timer that is due at `when` is overdue.
// kSysmonForever means never.
constexpr std::int64_t OverdueAt(std::int64_t when) {
  return when > kSysmonForever - kTimerGraceNs ? kSysmonForever
                                               : when + kTimerGraceNs;
}
// Looks at 10 ms with every P idle before the sleep without an end.
inline constexpr int kSysmonDeepLooks = 10;

// What sysmon sees of a P.
struct SysmonPView {
  bool running = false;
  bool in_syscall = false;
  bool stopped = false;   // the world is stopped
  bool has_work = false;  // its run queue is not empty
  std::uint32_t schedtick = 0;
  std::uint32_t syscalltick = 0;
  std::int64_t next_timer = 0;  // 0 if there is none
};

// What sysmon sees in one look.
struct SysmonView {
  std::vector<SysmonPView> ps;
  std::int32_t idle_ps = 0;
  std::int32_t spinning_ms = 0;
  bool global_work = false;      // the global queue is not empty
  std::uint32_t urgent = 0;      // came back without a P since the last look
  bool detached = false;         // there are detached goroutines
  bool woken = false;            // somebody ended the sleep early
  std::int64_t last_poll = 0;    // 0 while an M is in netpoll
  std::int32_t net_waiters = 0;  // goroutines that wait for the network
};

// What sysmon remembers from one look to the next.
struct SysmonState {
  // Of one P. A tick that has not changed since the last look belongs to the
  // same goroutine, or to the same system call.
  struct Sighting {
    std::uint32_t schedtick = 0;
    std::int64_t sched_since = 0;
    std::uint32_t syscalltick = 0;
    std::int64_t syscall_since = 0;
    std::int64_t asked = 0;  // the last preemption request
    bool in_syscall = false;
  };
  // How long a goroutine may run while others wait (GODEBUG=preemptslice).
  std::int64_t slice = kSliceNs;
  std::vector<Sighting> ps;
  int idle_looks = 0;
  int deep_looks = 0;
  std::int64_t delay = 0;
  std::uint32_t urgent = 0;
  std::int64_t detached_asked = 0;
};

// What sysmon has to do after a look.
struct SysmonActions {
  std::vector<std::int32_t> retake;   // take these Ps from their system calls
  std::vector<std::int32_t> preempt;  // ask the goroutines on these
  bool stop_detached = false;         // ask the detached ones
  bool netpoll = false;               // nobody has polled for 10 ms
  std::int64_t sleep = 0;             // until the next look; kSysmonForever
};

// Decides what to do at the time `now`, which is Nanotime in nanoseconds.
// Overwrites `actions` and updates `state`.
// REQUIRES: `now` is not before the `now` of the last call with this state.
// Touches nothing but its arguments, so any thread may call it with arguments
// of its own. May allocate.
// Mirrors: the loop of sysmon, and retake
void SysmonStep(std::int64_t now, const SysmonView& view, SysmonState& state,
                SysmonActions& actions);

}  // namespace mn
