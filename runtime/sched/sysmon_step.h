// One look of sysmon: what it does about what it sees, and when it looks again.
//
// Why it is hard: it must look often enough to take a P from a system call
// (20 us) and yet cost nothing (a look every 20 us is a third of a CPU). So it
// looks often only while there is something to see, doubles its sleep when
// there is not, and sleeps without an end while every P is idle.
//
// SysmonStep is a pure function of what it sees, the time, and its own state:
// the tests run it on virtual time. The thread around it is in sysmon.h.
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

inline constexpr std::int64_t kSysmonMinNs = 20'000;
inline constexpr std::int64_t kSysmonMaxNs = 10'000'000;
inline constexpr int kSysmonIdleLooks = 50;
inline constexpr int kSysmonLooksWhenWoken = 5;
inline constexpr std::int64_t kSysmonForever = INT64_MAX;
inline constexpr std::int64_t kSliceNs = 10'000'000;
inline constexpr std::int64_t kUrgentSliceNs = 200'000;
inline constexpr std::int64_t kUrgentPauseNs = 1'000'000;
inline constexpr std::int64_t kTimerGraceNs = 100'000;
// When a timer that is due at `when` is overdue; kSysmonForever: never.
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
  bool stopped = false;   // the world is: running, or idle before
  bool has_work = false;  // its run queue is not empty
  std::uint32_t schedtick = 0;
  std::uint32_t syscalltick = 0;
  std::int64_t next_timer = 0;  // 0: none
};

struct SysmonView {
  std::vector<SysmonPView> ps;
  std::int32_t idle_ps = 0;
  std::int32_t spinning_ms = 0;
  bool global_work = false;      // the global queue is not empty
  std::uint32_t urgent = 0;      // came back without a P since the last look
  bool detached = false;         // there are detached goroutines
  bool woken = false;            // somebody ended the sleep early
  std::int64_t last_poll = 0;    // 0: an M is blocked in netpoll
  std::int32_t net_waiters = 0;  // goroutines that wait for the network
};

struct SysmonState {
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

struct SysmonActions {
  std::vector<std::int32_t> retake;   // take these Ps from their system calls
  std::vector<std::int32_t> preempt;  // ask the goroutines on these
  bool stop_detached = false;         // ask the detached ones
  bool netpoll = false;               // nobody has polled for 10 ms
  std::int64_t sleep = 0;             // until the next look; kSysmonForever
};

void SysmonStep(std::int64_t now, const SysmonView& view, SysmonState& state,
                SysmonActions& actions);

}  // namespace mn
