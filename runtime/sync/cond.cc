#include "runtime/sync/cond.h"

#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"

namespace mn {

namespace {
enum : std::uint32_t {
  kAwake,   // on the list, not parked yet
  kParked,  // on the list or just off it; the waker must Goready
  kWoken,   // off the list; parking is cancelled
};
}  // namespace

// In the waiting goroutine's frame.
struct Cond::Waiter {
  G* g = nullptr;
  Waiter* next = nullptr;
  mn::atomic<std::uint32_t> state{kAwake};
};

// Runs after the goroutine's context is saved. False: woken meanwhile, run on.
bool Cond::CommitPark(G*, void* waiter) {
  std::uint32_t awake = kAwake;
  // acq_rel: release pairs with the acquire in Wake (g may be readied), acquire
  // with the release there.
  return static_cast<Waiter*>(waiter)->state.compare_exchange_strong(
      awake, kParked, memory_order_acq_rel);
}

void Cond::Wait() {
  Waiter w;
  const Lockable l = l_;  // CV-3
  {
    ParkingCall call("mn::Cond::Wait");
    w.g = call.g();
    list_lock_.Lock();
    if (tail_ != nullptr) {
      tail_->next = &w;
    } else {
      head_ = &w;
    }
    tail_ = &w;
    waiting_.store(waiting_.load(memory_order_relaxed) + 1,
                   memory_order_relaxed);
    list_lock_.Unlock();
  }
  l.unlock(l.object);
  {
    RuntimeCall call("mn::Cond::Wait");
    Gopark(&CommitPark, &w, WaitReason::kCondWait);
  }
  l.lock(l.object);
}

// w is off the list. It is gone once its state is kWoken, unless it is parked.
void Cond::Wake(Waiter* w) {
  G* const g = w->g;
  // acq_rel: see CommitPark.
  if (w->state.exchange(kWoken, memory_order_acq_rel) == kParked) Goready(g);
}

void Cond::Signal() {
  if (NobodyWaits()) return;
  RuntimeCall call("mn::Cond::Signal");
  list_lock_.Lock();
  Waiter* const w = head_;
  if (w != nullptr) {
    head_ = w->next;
    if (head_ == nullptr) tail_ = nullptr;
    waiting_.store(waiting_.load(memory_order_relaxed) - 1,
                   memory_order_relaxed);
  }
  list_lock_.Unlock();
  if (w != nullptr) Wake(w);
}

void Cond::Broadcast() {
  if (NobodyWaits()) return;
  RuntimeCall call("mn::Cond::Broadcast");
  list_lock_.Lock();
  Waiter* all = head_;
  head_ = tail_ = nullptr;
  waiting_.store(0, memory_order_relaxed);
  list_lock_.Unlock();
  while (all != nullptr) {
    Waiter* const w = all;
    all = w->next;  // before the wake-up: w may be gone after
    Wake(w);
  }
}

}  // namespace mn
