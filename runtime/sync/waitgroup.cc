#include "runtime/sync/waitgroup.h"

#include "runtime/panic.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"

namespace mn {

namespace {
[[noreturn]] void Misuse() {
  throw Panic("sync: WaitGroup misuse: Add called concurrently with Wait");
}
}  // namespace

// `s` is the state that this Add has made.
void WaitGroup::AddSlow(int delta, std::uint64_t s) {
  const auto counter = static_cast<std::int32_t>(s >> 32);
  if (counter < 0) throw Panic("sync: negative WaitGroup counter");
  // From zero, with waiters. The group should have let those go.
  if (delta > 0 && counter == delta) Misuse();
  if (counter > 0) return;
  RuntimeCall call("mn::WaitGroup::Done");
  // WG-2: the counter is zero and somebody waits. No legal call changes the
  // state until the waiters run, so this goroutine may reset it.
  list_lock_.Lock();  // WG-3: everybody who is counted is on the list
  const bool undisturbed =
      state_.compare_exchange_strong(s, 0, memory_order_relaxed);
  internal::Sleeper* all = undisturbed ? waiters_.TakeAll() : nullptr;
  list_lock_.Unlock();
  // Thrown after the unlock, since the exception would leave the lock locked.
  if (!undisturbed) Misuse();
  internal::ReadyAll(all);  // WL-1: the group may be gone from here on
}

void WaitGroup::WaitSlow() {
  ParkingCall call("mn::WaitGroup::Wait");
  // First the list lock, then the count. AddSlow takes the lock after it has
  // seen the count, and finds everybody on the list (WG-3).
  list_lock_.Lock();
  // acquire: pairs with the release in Add.
  std::uint64_t s = state_.load(memory_order_acquire);
  do {
    // The last Done was quicker. Nobody would wake this goroutine.
    if ((s & ~kWaiters) == 0) {
      list_lock_.Unlock();
      return;
    }
  } while (!state_.compare_exchange_weak(s, s + 1, memory_order_acquire));
  internal::Sleeper w{.g = call.g()};
  waiters_.PushBack(&w);
  GoparkUnlock(&list_lock_, WaitReason::kWaitGroupWait);
}

}  // namespace mn
