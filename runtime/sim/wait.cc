// Threads that wait: the futex, the keys of host files, Await, and the virtual
// clock. ops.h declares the operations.
//
// Why it is hard: who waits on a key is state that no atomic holds. A waiter
// that queues itself and a waker that looks are ordered by the queue alone, so
// the queue has a Location of its own (key + 1) and every change of it is part
// of both threads' histories. Without that DepthFirst would take two different
// orders of sleepers for one state.
//
// Protocol: a wait is a system call. It is a Step, it drains the store buffer,
// it compares, and with the comparison it sleeps, as the kernel does it. A wake
// takes the longest sleepers first. A futex wait may return early by a choice.
// Time goes on by a fixed amount with every look. It jumps to the next deadline
// when no thread can go on (Idle, threads.cc).
//
// Rejected: an Await that is a loop of reads. Every read that finds another
// value would be a point of choice that leads nowhere.
#include <cstdint>

#include "runtime/sim/choice.h"
#include "runtime/sim/execution.h"
#include "runtime/sim/locations.h"
#include "runtime/sim/memory.h"
#include "runtime/sim/ops.h"
#include "runtime/sim/threads.h"

namespace mn::sim {

namespace {

constexpr std::int64_t kLookNs = 150'000;  // a look at the clock takes that

void BlockNow(const void* key, std::int64_t deadline) {
  Thread& t = Current();
  t.state = Thread::kBlocked;
  t.key = key;
  t.deadline = deadline;
  t.since = execution.block_order++;
  t.timed_out = false;
  PickNext();
}

// A change of who waits on a key: part of the history of both sides.
void QueueEvent(const void* key, std::uint64_t what) {
  Location& queue = FindLocation(static_cast<const char*>(key) + 1);
  Happens(Current(), what, queue.last_write);
  queue.last_write = Mix(queue.last_write, Current().hash);
  execution.events += Mix(queue.last_write, 0xCAFE);
}

void WakeOn(const void* key, int n, Where where) {
  Drain(execution.current);
  QueueEvent(key, 8);
  for (; n > 0; n--) {
    int oldest = -1;
    for (int i = 0; i < execution.nthreads; i++) {
      const Thread& t = threads[i];
      if (t.state == Thread::kBlocked && t.key == key &&
          (oldest < 0 || t.since < threads[oldest].since)) {
        oldest = i;
      }
    }
    Record(Verb::kWake, where, key, {}, 0, static_cast<Word>(oldest + 1));
    if (oldest < 0) return;
    threads[oldest].state = Thread::kReady;
  }
}

}  // namespace

void OpAwait(const void* addr, ValueType type, Word value, Where where) {
  if (Outside()) return;
  Location& l = FindLocation(addr);
  l.contended = true;
  Step(true, where);
  Drain(execution.current);
  Thread& t = Current();
  if (RawLoad(addr, type) != value) {
    Record(Verb::kAwait, where, addr, type, value);
    t.key = addr;
    t.await_type = type;
    t.await_value = value;
    t.state = Thread::kAwaiting;
    PickNext();
    t.state = Thread::kReady;
  }
  AcquireFrom(t, l, std::memory_order_acquire);
  Happens(t, 21, l.last_write);
  Record(Verb::kRead, where, addr, type, value, 0, std::memory_order_acquire);
}

void OpFutexWait(const void* addr, ValueType type, Word expected,
                 std::int64_t ns, Where where) {
  if (Outside()) return;
  Location& l = FindLocation(addr);
  Step(true, where);
  Drain(execution.current);
  Thread& t = Current();
  Happens(t, 11, l.last_write);
  if (RawLoad(addr, type) != expected) {
    Record(Verb::kNoSleep, where, addr, type, RawLoad(addr, type));
    return;
  }
  if (AskWhether(PointKind::kEarlyReturn, true)) {
    Happens(t, 12, 0);
    Record(Verb::kEarly, where, addr);
    return;
  }
  QueueEvent(addr, 13);
  Record(Verb::kSleep, where, addr);
  BlockNow(addr, ns < 0 ? 0 : OpNanotime() + ns);
  QueueEvent(addr, t.timed_out ? 20 : 14);
  Record(t.timed_out ? Verb::kTimeout : Verb::kWoken, where, addr);
}

void OpFutexWake(const void* addr, int n, Where where) {
  if (Outside()) return;
  Step(true, where);
  WakeOn(addr, n, where);
}

void OpBlock(const void* key, std::int64_t deadline, Where where) {
  if (Outside()) return;
  Step(true, where);
  Drain(execution.current);
  QueueEvent(key, 15);
  Record(Verb::kSleep, where, key);
  BlockNow(key, deadline);
  QueueEvent(key, Current().timed_out ? 16 : 17);
  Record(Current().timed_out ? Verb::kTimeout : Verb::kWoken, where, key);
}

void OpUnblock(const void* key, Where where) {
  if (Outside()) return;
  Step(true, where);
  WakeOn(key, kMaxThreads, where);
}

std::int64_t OpNanotime() {
  if (Outside()) return 1;
  Thread& t = Current();
  return execution.time_base + ++t.looks * kLookNs;
}

}  // namespace mn::sim
