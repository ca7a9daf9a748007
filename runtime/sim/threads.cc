#include "runtime/sim/threads.h"

#include <cstdlib>
#include <string>

#include "runtime/sim/arena.h"
#include "runtime/sim/choice.h"
#include "runtime/sim/memory.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

namespace ctx = boost::context::detail;

constexpr std::size_t kStackSize = 128 * 1024;
constexpr int kSpinBudget = 1;      // CpuRelax without news before others must
constexpr int kIdleReleases = 100;  // ... and before it is called a livelock

alignas(4096) char stacks[kMaxThreads][kStackSize];

ctx::fcontext_t outside = nullptr;  // the explorer's own
void** slots[4] = {};
int nslots = 0;

void OnArrival(ctx::transfer_t from) {
  if (from.data != nullptr) {
    static_cast<Thread*>(from.data)->context = from.fctx;
  } else {
    outside = from.fctx;
  }
}

void SaveSlots(Thread& t) {
  for (int i = 0; i < nslots; i++) t.slot[i] = *slots[i];
}

void LoadSlots(const Thread& t) {
  for (int i = 0; i < nslots; i++) *slots[i] = t.slot[i];
}

void SwitchToThread(int to) {
  Thread* from = execution.current < 0 ? nullptr : &Current();
  if (from != nullptr) SaveSlots(*from);
  execution.current = to;
  LoadSlots(Current());
  UseArena(to + 1);
  Current().turn = 0;
  OnArrival(ctx::jump_fcontext(Current().context, from));
}

bool CanGo(const Thread& t) {
  if (t.state == Thread::kAwaiting) {
    return RawLoad(t.key, t.await_type) == t.await_value;
  }
  return t.state == Thread::kReady && !(t.relaxing && t.spins > kSpinBudget);
}

[[noreturn]] void ReportDeadlock() {
  std::string text;
  {
    const OutsideArena heap;
    for (int i = 0; i < execution.nthreads; i++) {
      const Thread& t = threads[i];
      if (t.state != Thread::kBlocked && t.state != Thread::kAwaiting) {
        continue;
      }
      if (!text.empty()) text += "; ";
      const char* slash = std::strrchr(t.where.file, '/');
      text += std::string(t.name) + " waits in " +
              (slash != nullptr ? slash + 1 : t.where.file);
      if (t.where.line != 0) text += ":" + std::to_string(t.where.line);
    }
    UseArena(-1);
    Violate("deadlock", text.c_str());
  }
}

// No thread can go on and no buffered store is left. Lets somebody go on after
// all, or ends the execution.
void Idle() {
  bool released = false;
  for (int i = 0; i < execution.nthreads; i++) {
    Thread& t = threads[i];
    if (t.state == Thread::kReady) {
      t.spins = 0;
      released = true;
    }
  }
  if (released) {
    if (++execution.idle_releases > kIdleReleases) {
      Violate("livelock", "every thread that could run spins for ever");
    }
    return;
  }
  Thread* first = nullptr;
  for (int i = 0; i < execution.nthreads; i++) {
    Thread& t = threads[i];
    if (t.state == Thread::kBlocked && t.deadline != 0 &&
        (first == nullptr || t.deadline < first->deadline)) {
      first = &t;
    }
  }
  if (first != nullptr) {
    if (execution.time_base < first->deadline) {
      execution.time_base = first->deadline;
    }
    execution.events = Mix(execution.events, 0x71E);
    first->state = Thread::kReady;
    first->timed_out = true;
    return;
  }
  for (int i = 0; i < execution.nthreads; i++) {
    const Thread& t = threads[i];
    if ((t.state == Thread::kBlocked && !t.daemon) ||
        t.state == Thread::kAwaiting) {
      ReportDeadlock();
    }
  }
  Leave(Outcome::kDone);
}

// Appends the buffers of the other threads to the options.
int AddFlushes(Option* options, int n, int but) {
  for (int i = 0; i < execution.nthreads; i++) {
    if (i != but && threads[i].buffered > 0) {
      options[n++] = {Option::kFlush, static_cast<std::uint8_t>(i), 0, 0};
    }
  }
  return n;
}

void BuffersAfterSwitch() {
  for (;;) {
    Option options[kMaxOptions];
    options[0] = {Option::kRun, static_cast<std::uint8_t>(execution.current), 0,
                  0};
    const int n = AddFlushes(options, 1, execution.current);
    if (n == 1) return;
    const Option& o =
        options[Ask(PointKind::kAfterSwitch, options, n, execution.current)];
    if (o.kind == Option::kRun) return;
    Flush(o.arg);
  }
}

void ThreadEntry(ctx::transfer_t from) {
  OnArrival(from);
  Thread& t = Current();
  t.run(t.arg);
  Step(t.buffered > 0, t.where);
  Drain(execution.current);
  Happens(t, 9, 0);
  Record(Verb::kEnd, t.where);
  t.state = Thread::kEnded;
  PickNext();
  std::abort();
}

}  // namespace

void PickNext() {
  for (;;) {
    const bool have = execution.current >= 0;
    const bool can_go = have && CanGo(Current());
    const bool free = !can_go || Current().relaxing;
    Option options[kMaxOptions];
    int n = 0;
    const auto self = static_cast<std::uint8_t>(have ? execution.current : 0);
    // Whoever yields comes last.
    if (can_go && !free) options[n++] = {Option::kRun, self, 0, 0};
    for (int k = 1; k <= execution.nthreads; k++) {
      const int i = (execution.current + k) % execution.nthreads;
      if (i == execution.current || !CanGo(threads[i])) continue;
      options[n++] = {Option::kRun, static_cast<std::uint8_t>(i), !free, 0};
    }
    if (can_go && free) options[n++] = {Option::kRun, self, 0, 0};
    n = AddFlushes(options, n, can_go ? execution.current : -1);
    if (n == 0) {
      Idle();
      continue;
    }
    const Option o = options[Ask(PointKind::kThread, options, n,
                                 free ? -1 : execution.current)];
    if (o.kind == Option::kFlush) {
      Flush(o.arg);
      continue;
    }
    if (o.arg == execution.current) return;
    execution.preempting = o.preemption != 0;
    SwitchToThread(o.arg);
    if (!have) return;  // the explorer itself: an execution is over
    BuffersAfterSwitch();
    return;
  }
}

void SwitchOutside() {
  ctx::jump_fcontext(outside, nullptr);
  std::abort();  // nobody comes back here
}

void YieldAfterTurn() {
  Thread& t = Current();
  t.turn = 0;
  t.relaxing = true;
  t.spins = kSpinBudget + 1;
  PickNext();
  t.relaxing = false;
}

bool IsPerThread(const void* addr) {
  for (int i = 0; i < nslots; i++) {
    if (addr == slots[i]) return true;
  }
  return false;
}

void OpRelax(Where where) {
  if (Outside() || Current().relaxed_last) return;
  Thread& t = Current();
  t.relaxing = true;
  t.spins++;
  Step(true, where);
  t.relaxing = false;
  Happens(t, 10, 0);
  t.relaxed_last = true;
  Record(Verb::kRelax, where);
}

int Spawn(const char* name, void (*run)(void*), void* arg, bool daemon) {
  if (execution.nthreads == kMaxThreads) {
    Violate("model", "too many threads");
  }
  if (!Outside()) {  // a system call
    Step(Current().buffered > 0, Current().where);
    Drain(execution.current);
  }
  const int id = execution.nthreads++;
  Thread& t = threads[id];
  t = Thread{};
  t.state = Thread::kReady;
  t.daemon = daemon;
  t.name = name;
  t.run = run;
  t.arg = arg;
  t.context =
      ctx::make_fcontext(stacks[id] + kStackSize, kStackSize, ThreadEntry);
  t.hash = Mix(static_cast<std::uint64_t>(id) + 1, 0);
  if (!Outside()) {
    Thread& parent = Current();
    t.clock = parent.clock;
    parent.clock.at[execution.current]++;
    Happens(parent, 18, 0);
    t.hash = Mix(t.hash, parent.hash);
  }
  t.clock.at[id]++;
  {
    const OutsideArena heap;
    execution.result.threads.push_back(name);
  }
  return id;
}

int ThreadId() { return execution.current; }

void PerThread(void** slot) { slots[nslots++] = slot; }

}  // namespace mn::sim
