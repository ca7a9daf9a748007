// GODEBUG=schedtrace=N: one line about the scheduler to stderr every N
// milliseconds; scheddetail=1: every P, M and G as well (document, section 13).
//
//   SCHED 1002ms: gomaxprocs=4 idleprocs=2 threads=11 spinningthreads=0
//   needspinning=0 idlethreads=5 runqueue=0 [0 0 0 0]
//
// in one line; profile `go` adds Go 1.27's spaces and schedticks. `threads`
// counts sysmon; `idlethreads` leaves out threads that wait for the goroutine
// that is pinned to them.
#pragma once

#include <cstdint>

namespace mn {

class Schedtrace {
 public:
  // Reads GODEBUG.
  Schedtrace();

  // Prints if it is time to; returns when it is next, 0 if it is switched off.
  // Caller: sysmon.
  std::int64_t PrintIfDue(std::int64_t now);

 private:
  std::int64_t period_ = 0;  // ns; 0: off
  bool detail_ = false;
  std::int64_t start_ = 0;
  std::int64_t next_ = 0;
};

// Prints it now, to stderr. Any thread; takes sched.lock.
void PrintSchedtrace(std::int64_t since_start_ns, bool detail);

}  // namespace mn
