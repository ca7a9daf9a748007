// System calls (sched/syscall.cc): a thread leaves its P in the call, and
// exactly one of those who take it gets it (MN-2, SYS-4, SYS-5).
//
// Who takes it: the thread itself, coming back; another thread, coming back to
// a P that is by now in somebody else's call; and a thread that does what
// sysmon does at its second sighting: RetakeP, then HandoffP.
#include "runtime/syscall.h"

#include "runtime/core/getg.h"
#include "runtime/plug/syscall_handoff.h"
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
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
