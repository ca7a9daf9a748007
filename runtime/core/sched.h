// sched: what all Ms share.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/g.h"
#include "runtime/core/gqueue.h"
#include "runtime/core/lock.h"
#include "runtime/core/m.h"
#include "runtime/core/p.h"

namespace mn {

// Every P that was ever made, in order of id; the first `n` are in use. A new
// table replaces the old one when GOMAXPROCS changes (sched/procresize.cc);
// tables and Ps are never freed, so a stale one may be read by an M without a
// P.
struct AllPs {
  std::int32_t n = 0;     // GOMAXPROCS
  std::int32_t made = 0;  // of the Ps in `p`
  P** p = nullptr;
  const AllPs* older = nullptr;  // the table that this one replaced

  P** begin() const { return p; }
  P** end() const { return p + n; }
};

struct Sched {
  RtMutex lock{LockRank::kSched};

  // ---- guarded by lock; the atomics are also read without it ---------------
  M* midle = nullptr;  // LIFO: the warmest thread first
  std::int32_t nmidle = 0;
  P* pidle = nullptr;  // LIFO
  mn::atomic<std::int32_t> npidle{0};
  GQueue runq;  // the global queue
  mn::atomic<std::int32_t> runqsize{0};
  M* allm = nullptr;                   // every M whose thread lives
  std::int64_t mnext = 0;              // the next M's id
  mn::atomic<std::int32_t> mcount{0};  // length of allm, borrowed Ms left out
  std::int32_t nmidlelocked = 0;    // Ms that wait for their pinned goroutine
  std::int32_t nmsys = 0;           // Ms that never run goroutines: sysmon
  std::int32_t maxmcount = 10'000;  // SetMaxThreads
  std::int32_t nforeign = 0;  // foreign threads that have called in and live
  mn::atomic<P*> needm{nullptr};  // Ps that wait for sysmon to make a thread
  bool main_exited = false;       // goroutine 1 called Goexit

  // ---- stopping the world: sched/stw.cc -------------------------------------
  mn::atomic<bool> gcwaiting{false};  // written under lock
  std::int32_t stopwait = 0;          // guarded by lock: Ps still to be stopped
  Note stopnote;
  RtMutex worldlock{
      LockRank::kWorld};  // held by whoever stops the world, from stop to start

  // ---- sysmon: sched/sysmon.h -----------------------------------------------
  Note sysmonnote;
  // When sysmon will look again; INT64_MAX in deep sleep. 0: it is looking.
  mn::atomic<std::int64_t> sysmon_until{0};
  // It sleeps for long and may be woken early.
  mn::atomic<bool> sysmon_slow{false};
  // Goroutines that came back from a system call and found no P since sysmon
  // last looked.
  mn::atomic<std::uint32_t> urgent{0};
  // Goroutines that are kDetached.
  mn::atomic<std::int32_t> ndetached{0};

  // ---- atomics with a protocol: sched/spinning.h ---------------------------
  mn::atomic<std::int32_t> nmspinning{0};
  mn::atomic<std::uint32_t> needspinning{0};

  // ---- netpoll: sched/find_runnable.cc -------------------------------------
  // 0 while an M is blocked in netpoll, else when the last one came back.
  mn::atomic<std::int64_t> lastpoll{1};
  // The deadline of the M that is blocked in netpoll, 0 if none.
  mn::atomic<std::int64_t> poll_until{0};

  mn::atomic<std::uint64_t> goidgen{0};
  // Goroutines that were ever made on foreign threads: in no P's `created`.
  mn::atomic<std::int32_t> nforeigng{0};

  // ---- atomics, changed only while the world is stopped --------------------
  mn::atomic<const AllPs*> allps{nullptr};
  mn::atomic<std::int32_t> gomaxprocs{0};  // allps->n, for the hot paths

  // ---- fixed once Main has started ------------------------------------------
  M* m0 = nullptr;  // the main thread
  std::int32_t ncpu = 0;
  bool started = false;  // Main was called
  // atomic: Ps and sysmon exist. release: pairs with the acquire in
  // NeedExtraM (foreign.cc).
  mn::atomic<bool> running{false};
};

extern Sched sched;

// The Ps in use. acquire: pairs with the release in ProcResize.
inline const AllPs& Allp() { return *sched.allps.load(memory_order_acquire); }
inline std::int32_t Gomaxprocs() {
  return sched.gomaxprocs.load(memory_order_relaxed);
}

// Calls fn for every G that is not dead. Takes no lock, so that a dying process
// can use it; Gs that start or end meanwhile may be missed.
void ForEachG(void (*fn)(G*, void*), void* arg);

}  // namespace mn
