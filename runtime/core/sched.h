// sched: what all Ms share.
#pragma once

#include <cstdint>

#include "runtime/core/atomic.h"
#include "runtime/core/g.h"
#include "runtime/core/lock.h"
#include "runtime/core/m.h"
#include "runtime/core/p.h"

namespace mn {

// A queue of Gs linked through schedlink. No lock of its own.
class GQueue {
 public:
  bool Empty() const { return head_ == nullptr; }
  void PushBack(G* gp) {
    gp->schedlink = nullptr;
    if (tail_ != nullptr) {
      tail_->schedlink = gp;
    } else {
      head_ = gp;
    }
    tail_ = gp;
  }
  G* Pop() {
    G* gp = head_;
    if (gp != nullptr) {
      head_ = gp->schedlink;
      if (head_ == nullptr) tail_ = nullptr;
    }
    return gp;
  }

 private:
  G* head_ = nullptr;
  G* tail_ = nullptr;
};

struct Sched {
  RtMutex lock;

  // ---- guarded by lock; the atomics are also read without it ---------------
  M* midle = nullptr;  // LIFO: the warmest thread first
  std::int32_t nmidle = 0;
  P* pidle = nullptr;  // LIFO
  mn::atomic<std::int32_t> npidle{0};
  GQueue runq;  // the global queue
  mn::atomic<std::int32_t> runqsize{0};
  std::int32_t mcount = 0;   // threads that have ever been made
  bool main_exited = false;  // goroutine 1 called Goexit

  // ---- atomics with a protocol: sched/spinning.h ---------------------------
  mn::atomic<std::int32_t> nmspinning{0};
  mn::atomic<std::uint32_t> needspinning{0};

  // ---- netpoll: sched/find_runnable.cc -------------------------------------
  // 0 while an M is blocked in netpoll, else when the last one came back.
  mn::atomic<std::int64_t> lastpoll{1};
  // The deadline of the M that is blocked in netpoll, 0 if none.
  mn::atomic<std::int64_t> poll_until{0};

  mn::atomic<std::uint64_t> goidgen{0};

  // ---- fixed once Main has started ------------------------------------------
  P* allp = nullptr;  // gomaxprocs of them
  std::int32_t gomaxprocs = 0;
  std::int32_t ncpu = 0;
  bool started = false;
};

extern Sched sched;

// Calls fn for every G that is not dead. Takes no lock, so that a dying process
// can use it; Gs that start or end meanwhile may be missed.
void ForEachG(void (*fn)(G*, void*), void* arg);

}  // namespace mn
