// System calls (sched/syscall.cc): a thread leaves its P in the call, and
// exactly one of those who take it gets it (MN-2, SYS-4, SYS-5).
//
// Who takes it: the thread itself, coming back; another thread, coming back to
// a P that is by now in somebody else's call; a thread that does what sysmon
// does at its second sighting, RetakeP and then HandoffP; and a thread that
// stops the world with the runtime's own sched/stw.cc.
#include "runtime/syscall.h"

#include <cstddef>

#include "runtime/core/getg.h"
#include "runtime/core/nanotime.h"
#include "runtime/core/timers.h"
#include "runtime/plug/syscall_handoff.h"
#include "runtime/sched/spinning.h"
#include "runtime/sched/stw.h"
#include "runtime/sim/host/world.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

int calls;
int sightings;

// What every goroutine that starts another one does.
void UseP() { getp()->gfree_count++; }

void InTheKernel() {
  Say("in the kernel");
  Expect(getm()->p == nullptr, "SYS-0: in a call the thread has no P");
}

void Caller(void*) {
  UseP();
  for (int i = 0; i < calls; i++) {
    internal::EnterSyscall();
    InTheKernel();
    internal::ExitSyscall();
    Expect(getm()->p != nullptr, "MN-1: back with a P");
    // Perhaps a P that another thread has used and left meanwhile.
    UseP();
  }
}

// Its calls are expected to last.
void SlowCaller(void*) {
  UseP();
  for (int i = 0; i < calls; i++) {
    internal::EnterSyscall();
    getg()->slowpc = getg()->syscallpc;
    InTheKernel();
    internal::ExitSyscall();
    Expect(getm()->p != nullptr, "MN-1: back with a P");
  }
}

void BlockingCaller(void*) {
  internal::EnterSyscallBlock();
  InTheKernel();
  Expect(getm()->oldp == nullptr,
         "SYS-1: a call that is known to block has not handed its P off");
  internal::ExitSyscall();
  Expect(getm()->p != nullptr, "MN-1: back with a P");
}

void Other(void*) { UseP(); }

// A call begins and ends while a third thread holds the scheduler's lock: it
// must come back without the lock, to its own P.
mn::atomic<bool> back;

void QuickCaller(void*) {
  P* p = getp();
  internal::EnterSyscall();
  InTheKernel();
  internal::ExitSyscall();
  Expect(getm()->p == p, "SYS-3: the call comes back to its own P");
  back.store(true, memory_order_release);
}

void HoldsTheLock(void*) {
  RtLock hold(sched.lock);
  Await(back, true);
}

// ---- what HandoffP has to see to when nothing waits for the P

// A timer of this P falls due while the call lasts.
Timer timer;
mn::atomic<bool> fired;

void CallerOverATimer(void*) {
  timer.when = Nanotime() + 10'000'000;
  timer.fn = [](void*) { fired.store(true, memory_order_release); };
  getp()->timers.Add(&timer);
  internal::EnterSyscallBlock();
  InTheKernel();
  Await(fired, true);
  internal::ExitSyscall();
}

// Queues a goroutine for any thread that has time, and keeps its own P until
// that goroutine has run.
G* started;  // on no queue yet
mn::atomic<bool> ran;

void Started(void*) { ran.store(true, memory_order_release); }

void CallerUntilStarted(void*) {
  internal::EnterSyscallBlock();
  InTheKernel();
  Await(ran, true);
  internal::ExitSyscall();
}

void BusyStarter(void*) {
  RunqPut(getp()->runq, started, false);
  Wakep();
  Await(ran, true);
}

// ---- what sysmon and dumps are told

mn::atomic<bool> ended;

void CallerThatEnds(void*) {
  Caller(nullptr);
  ended.store(true, memory_order_release);
}

// Runs while the caller has lost the only P, and gives way when sysmon is told
// that the caller is back.
void ComputesUntilUrgent(void*) {
  if (!ended.load(memory_order_acquire)) Await(sched.urgent, 1u);
}

// A look of sysmon. It tells this call from the one before by the tick.
void LooksAtTheTick(void*) {
  const P* p = PNumber(0);
  if (p->status.load(memory_order_acquire) != PStatus::kSyscall) return;
  Expect(p->syscalltick.load(memory_order_relaxed) == 1,
         "SYS-6: sysmon sees a call whose syscalltick is that of the one "
         "before");
}

// Something waits behind this call, and sysmon sleeps for long.
void CallerWithWorkBehind(void*) {
  sched.sysmon_slow.store(true, memory_order_relaxed);
  internal::EnterSyscall();
  InTheKernel();
  Expect(!sched.sysmon_slow.load(memory_order_relaxed),
         "SYS-1: something waits behind the call, and sysmon was not woken");
  internal::ExitSyscall();
}

// What a function finds that is called from the same place of the same caller.
struct Frame {
  void* fp;
  const char* pc;
};
__attribute__((noinline)) Frame FrameOfACall() {
  return {__builtin_frame_address(0),
          static_cast<const char*>(__builtin_return_address(0))};
}

// Two calls of one function are so near to each other.
constexpr std::ptrdiff_t kNear = 512;

void ExpectFrame(const Frame& call) {
  const G* gp = getm()->curg;
  const auto* pc = static_cast<const char*>(gp->syscallpc);
  Expect(gp->fp == call.fp && pc > call.pc && pc - call.pc < kNear,
         "SYS-11: a dump begins at another frame than that of the call");
}

void FramedCaller(void*) {
  const Frame quick = FrameOfACall();
  internal::EnterSyscall();
  InTheKernel();
  ExpectFrame(quick);
  internal::ExitSyscall();
  const Frame blocking = FrameOfACall();
  internal::EnterSyscallBlock();
  ExpectFrame(blocking);
  internal::ExitSyscall();
}

// ---- a goroutine that is pinned to its thread

void PinnedCaller(void*) {
  M* m = getm();
  G* gp = getg();
  m->locked_ext = 1;  // as LockOSThread does
  m->lockedg = gp;
  gp->lockedm = m;
  Caller(nullptr);
  Expect(getm() == m, "SYS-10: a pinned goroutine is back on another thread");
  m->locked_ext = 0;
  m->lockedg = nullptr;
  gp->lockedm = nullptr;
}

// ---- while the world is being stopped

void StopsTheWorld(void*) {
  if (!TryStopTheWorld()) return;
  for (const P* p : Allp()) {
    Expect(p->status.load(memory_order_relaxed) == PStatus::kGcstop,
           "SYS-5: RetakeP has not set the state that it was asked for");
  }
  StartTheWorld(nullptr);
}

// Another thread has begun to stop the world, and waits for so many Ps.
void BeginToStop(int ps) {
  RtLock hold(sched.lock);
  sched.stopwait = ps;
  sched.gcwaiting.store(true, memory_order_relaxed);
}

void BlockingCallerInAStop(void*) {
  BeginToStop(2);
  internal::EnterSyscallBlock();
  InTheKernel();
  Expect(PNumber(0)->status.load(memory_order_relaxed) == PStatus::kGcstop,
         "SYS-9: HandoffP gave the P to a thread while the world is being "
         "stopped");
  {
    RtLock hold(sched.lock);
    sched.gcwaiting.store(false, memory_order_relaxed);
    PidlePut(PNumber(0));
  }
  internal::ExitSyscall();
}

// The one who stops the world has taken the P of this call, and has yet to take
// the idle P.
void CallerInAStop(void*) {
  internal::EnterSyscall();
  InTheKernel();
  BeginToStop(1);
  PNumber(0)->status.store(PStatus::kGcstop, memory_order_relaxed);
  PNumber(0)->m.store(nullptr, memory_order_relaxed);
  internal::ExitSyscall();
  Expect(!sched.gcwaiting.load(memory_order_relaxed),
         "SYS-9: a goroutine is back with an idle P while the world is being "
         "stopped");
}

// Starts the world when the goroutine above stands in the global queue.
void StartsTheWorld(void*) {
  Await(sched.runqsize, 1);
  P* p;
  {
    RtLock hold(sched.lock);
    p = PidleGet();
    Expect(p == PNumber(1),
           "SYS-9: a thread has taken an idle P while the world is being "
           "stopped");
    PidlePut(PNumber(0));
    sched.gcwaiting.store(false, memory_order_relaxed);
  }
  StartM(p, false);
}

void Sysmon(void*) {
  for (int i = 0; i < sightings; i++) {
    P* p = PNumber(0);
    if (RetakeP(p, PStatus::kRunning)) HandoffP(p);
  }
}

// Each caller calls so often, and sysmon looks so often.
void Begin(const Scene& scene, int n_calls, int n_sightings) {
  NewWorld(scene);
  calls = n_calls;
  sightings = n_sightings;
  if (sightings > 0) Spawn("sysmon", Sysmon, nullptr);
}

void BeginQuick() {
  NewWorld(Scene().OnP(QuickCaller));
  Renew(back);
  Name(back, "back");
  Spawn("holder", HoldsTheLock, nullptr);
}

// With one more thread, which may be any of those above.
void BeginWith(const Scene& scene, const char* name, void (*thread)(void*)) {
  Begin(scene, 1, 0);
  Renew(ended);
  Name(ended, "ended");
  Spawn(name, thread, nullptr);
}

constexpr Config kConfigs[] = {
    {.name = "quick_1p",
     .what = "1 P; G1 calls while another thread holds sched.lock",
     .setup = BeginQuick,
     .check = CheckWorld,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 4, .delays = 1}},
    {.name = "retake_1p",
     .what = "1 P; G1 calls, G2 waits behind it, sysmon looks once",
     .setup = [] { Begin(Scene().OnP(Caller, Other).Asleep(1), 1, 1); },
     .check = CheckWorld,
     .quick = {.preemptions = 3, .delays = 1},
     .proof = {.preemptions = 4, .delays = 1}},
    {.name = "two_calls_1p",
     .what = "1 P; G1 and G2 both call, sysmon looks twice",
     .setup = [] { Begin(Scene().OnP(Caller, Caller).Asleep(1), 1, 2); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "lasts_1p",
     .what =
         "1 P; G1 calls twice and is expected to be long, G2 waits behind it, "
         "sysmon looks once",
     .setup = [] { Begin(Scene().OnP(SlowCaller, Other).Asleep(1), 2, 1); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "retake_2p",
     .what = "2 Ps; G1 calls, G2 waits behind it, sysmon looks once",
     .setup =
         [] {
           Begin(Scene().OnP(Caller, Other).OnP().Looking(1).Asleep(1), 1, 1);
         },
     .check = CheckWorld,
     .quick = {.preemptions = 1, .delays = 1},
     .proof = {.preemptions = 2, .delays = 1}},
    {.name = "blocking_2p",
     .what = "2 Ps; G1 hands its P off, G2 waits behind it, M1 looks",
     .setup = [] { Begin(Scene().OnP(BlockingCaller, Other).OnP(), 1, 0); },
     .check = CheckWorld,
     .quick = {.preemptions = 1, .delays = 1},
     .proof = {.preemptions = 2, .delays = 1}},
    {.name = "timer_1p",
     .what = "1 P; G1 makes a call that blocks until a timer of the P fires",
     .setup =
         [] {
           Begin(Scene().OnP(CallerOverATimer), 1, 0);
           Renew(timer);
           Renew(fired);
           Name(fired, "fired");
         },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "started_2p",
     .what =
         "2 Ps; G1 makes a call that blocks until G3 runs, G2 starts G3 and "
         "keeps its P",
     .setup =
         [] {
           Begin(Scene().OnP(CallerUntilStarted).OnP(BusyStarter), 1, 0);
           started = AddG(Started);
           Renew(ran);
           Name(ran, "ran");
         },
     .check = CheckWorld,
     .quick = {.preemptions = 1, .delays = 1},
     .proof = {.preemptions = 2, .delays = 1}},
    {.name = "urgent_1p",
     .what =
         "1 P; G1 calls, sysmon looks once, G2 computes until it hears of G1",
     .setup =
         [] {
           BeginWith(Scene().OnP(CallerThatEnds, ComputesUntilUrgent).Asleep(1),
                     "sysmon", Sysmon);
           sightings = 1;
         },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "tick_1p",
     .what = "1 P; G1 calls, sysmon looks at the P and its tick",
     .setup = [] { BeginWith(Scene().OnP(Caller), "sysmon", LooksAtTheTick); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "told_1p",
     .what = "1 P; G1 calls, G2 waits behind it, sysmon sleeps for long",
     .setup = [] { Begin(Scene().OnP(CallerWithWorkBehind, Other), 1, 0); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "frames_1p",
     .what = "1 P; G1 makes a call, and one that is known to block",
     .setup = [] { Begin(Scene().OnP(FramedCaller), 1, 0); },
     .check = CheckWorld,
     .quick = {.preemptions = 1, .delays = 1},
     .proof = {.preemptions = 2, .delays = 1}},
    {.name = "pinned_1p",
     .what = "1 P; G1 is pinned and calls, G2 waits behind it, sysmon looks "
             "once",
     .setup = [] { Begin(Scene().OnP(PinnedCaller, Other).Asleep(1), 1, 1); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "stop_1p",
     .what = "1 P; G1 calls, another thread stops the world and starts it",
     .setup = [] { BeginWith(Scene().OnP(Caller), "stopper", StopsTheWorld); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "stop_handoff_1p",
     .what = "1 P; the world is being stopped, G1 makes a call that blocks",
     .setup = [] { Begin(Scene().OnP(BlockingCallerInAStop), 1, 0); },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
    {.name = "stop_idle_2p",
     .what = "2 Ps; the world is being stopped, G1 is back from a call, P1 "
             "idles",
     .setup =
         [] {
           BeginWith(Scene().OnP(CallerInAStop).OnP().Looking(1), "starter",
                     StartsTheWorld);
         },
     .check = CheckWorld,
     .quick = {.preemptions = 2, .delays = 1},
     .proof = {.preemptions = 3, .delays = 1}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
