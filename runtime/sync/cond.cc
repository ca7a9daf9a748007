#include "runtime/sync/cond.h"

#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"

namespace mn {

namespace {
// Two steps race, the park's commit and the wake-up. The first to move the
// state from kAwake wins, and the other finds the state changed.
enum : std::uint32_t {
  kAwake,   // on the list, not parked yet
  kParked,  // on the list or just off it, so its waker must call Goready
  kWoken,   // off the list, and a park that is under way is cancelled
};
}  // namespace

// Lives in the frame of the waiting goroutine.
struct Cond::Waiter {
  G* g = nullptr;
  Waiter* next = nullptr;
  mn::atomic<std::uint32_t> state{kAwake};
};

// Runs after the goroutine's context is saved. Returns false if the goroutine
// was woken meanwhile, which cancels the park.
bool Cond::CommitPark(G*, void* waiter) {
  std::uint32_t awake = kAwake;
  // acq_rel: release pairs with the acquire in Wake, which calls Goready then.
  // acquire pairs with the release there.
  return static_cast<Waiter*>(waiter)->state.compare_exchange_strong(
      awake, kParked, memory_order_acq_rel);
}

void Cond::Wait() {
  Waiter w;
  // CV-3: a copy, since the Cond may be gone when this goroutine is woken.
  const Lockable l = l_;
  {
    // CV-2: before the unlock, so that no Signal after the unlock misses it.
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
  // Outside the runtime, since a user's lock may do anything. The goroutine may
  // be woken from here on.
  l.unlock(l.object);
  {
    RuntimeCall call("mn::Cond::Wait");
    Gopark(&CommitPark, &w, WaitReason::kCondWait);
  }
  l.lock(l.object);
}

// Wakes the goroutine of w, which is off the list. Once its state is kWoken the
// Waiter is gone, unless the goroutine has parked.
void Cond::Wake(Waiter* w) {
  G* const g = w->g;  // read first, for that reason
  // acq_rel: see CommitPark.
  if (w->state.exchange(kWoken, memory_order_acq_rel) == kParked) Goready(g);
}

void Cond::Signal() {
  // A Signal for nobody costs a load.
  if (NobodyWaits()) return;
  RuntimeCall call("mn::Cond::Signal");
  list_lock_.Lock();
  Waiter* const w = head_;  // CV-1; null if a Broadcast was quicker
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
  // From here on the Cond is not touched, so the program may destroy it.
  list_lock_.Unlock();
  while (all != nullptr) {
    Waiter* const w = all;
    // Before the wake-up, after which w may be gone.
    all = w->next;
    Wake(w);
  }
}

}  // namespace mn
