// sched holds what all Ms share.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"
#include "runtime/core/g.h"
#include "runtime/core/gqueue.h"
#include "runtime/core/lock.h"
#include "runtime/core/m.h"
#include "runtime/core/p.h"

namespace mn {

// Every P that was ever made, in order of id. The first `n` are in use.
// When GOMAXPROCS changes, a new table replaces the old (sched/procresize.cc).
// Tables and Ps are never freed. So an M without a P may read an old table.
struct AllPs {
  std::int32_t n = 0;     // GOMAXPROCS
  std::int32_t made = 0;  // how many Ps are in `p`
  P** p = nullptr;
  const AllPs* older = nullptr;  // the table before this table

  P** begin() const { return p; }
  P** end() const { return p + n; }
};

struct Sched {
  RtMutex lock{LockRank::kSched};

  // ---- guarded by lock; the atomics are also read without the lock ---------
  M* midle = nullptr;  // idle Ms, LIFO, so that the warmest thread goes first
  std::int32_t nmidle = 0;
  P* pidle = nullptr;  // idle Ps, LIFO
  mn::atomic<std::int32_t> npidle{0};
  GQueue runq;  // the global queue
  mn::atomic<std::int32_t> runqsize{0};
  M* allm = nullptr;                   // every M whose thread lives
  std::int64_t mnext = 0;              // the next M's id
  mn::atomic<std::int32_t> mcount{0};  // length of allm without foreign Ms
  std::int32_t nmidlelocked = 0;    // Ms that wait for their pinned goroutine
  std::int32_t nmsys = 0;           // Ms that never run goroutines (sysmon)
  std::int32_t maxmcount = 10'000;  // SetMaxThreads
  std::int32_t nforeign = 0;  // foreign threads that are alive and have an M
  mn::atomic<P*> needm{nullptr};  // Ps that wait for sysmon to make a thread
  bool main_exited = false;       // goroutine 1 called Goexit

  // ---- stopping the world: sched/stw.cc -------------------------------------
  mn::atomic<bool> gcwaiting{false};  // written under lock
  std::int32_t stopwait = 0;          // Ps still to be stopped, under lock
  Note stopnote;
  RtMutex worldlock{
      LockRank::kWorld};  // held from the stop of the world to its start

  // ---- sysmon: sched/sysmon.h -----------------------------------------------
  Note sysmonnote;
  // The nanotime at which sysmon looks again. INT64_MAX in deep sleep, 0 while
  // it looks.
  mn::atomic<std::int64_t> sysmon_until{0};
  // True while sysmon sleeps for long, when an early wake-up is of use.
  mn::atomic<bool> sysmon_slow{false};
  // How many goroutines came back from a system call and found no P since
  // sysmon last looked.
  mn::atomic<std::uint32_t> urgent{0};
  // How many goroutines are kDetached.
  mn::atomic<std::int32_t> ndetached{0};

  // ---- atomics with a protocol: sched/spinning.h ---------------------------
  // How many Ms are spinning. needspinning is 1 if somebody knew of work and
  // found no idle P (S5). The next M without work looks once more then.
  mn::atomic<std::int32_t> nmspinning{0};
  mn::atomic<std::uint32_t> needspinning{0};

  // ---- netpoll: sched/find_runnable.cc -------------------------------------
  // 0 while an M is blocked in netpoll. Otherwise the nanotime at which the
  // last such M came back.
  mn::atomic<std::int64_t> lastpoll{1};
  // The deadline of the M that is blocked in netpoll, 0 if no M is.
  mn::atomic<std::int64_t> poll_until{0};

  // The last goroutine id that was given out or reserved for a P.
  mn::atomic<std::uint64_t> goidgen{0};
  // How many goroutines foreign threads have made. They had no P, so no P's
  // `created` counts them.
  mn::atomic<std::int32_t> nforeigng{0};

  // ---- atomics, changed only while the world is stopped --------------------
  mn::atomic<const AllPs*> allps{nullptr};
  mn::atomic<std::int32_t> gomaxprocs{0};  // allps->n without a second load

  // ---- fixed once Main has started ------------------------------------------
  M* m0 = nullptr;  // the main thread
  std::int32_t ncpu = 0;
  bool started = false;  // Main was called
  // True once Ps and sysmon exist.
  // release: pairs with the acquire in NeedExtraM (foreign.cc).
  mn::atomic<bool> running{false};
};

extern Sched sched;

// Returns the table of the Ps in use. Any thread.
// acquire: pairs with the release in ProcResize.
inline const AllPs& Allp() { return *sched.allps.load(memory_order_acquire); }
// Returns how many Ps are in use. Any thread.
inline std::int32_t Gomaxprocs() {
  return sched.gomaxprocs.load(memory_order_relaxed);
}

// Calls fn(gp, arg) for every G that is neither dead nor fresh. Any thread.
// Takes no lock, so that a dying process can use this function. Goroutines that
// start or end meanwhile may be missed.
void ForEachG(void (*fn)(G*, void*), void* arg);

}  // namespace mn
