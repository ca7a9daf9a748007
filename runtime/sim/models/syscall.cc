// System calls (sched/syscall.cc): a thread leaves its P in the call, and
// exactly one of those who take it gets it (MN-2, SYS-4, SYS-5).
//
// Who takes it: the thread itself, coming back; another thread, coming back to
// a P that is by now in somebody else's call; and a thread that does what
// sysmon does at its second sighting: RetakeP, then HandoffP.
#include "runtime/syscall.h"

#include "runtime/core/getg.h"
#include "runtime/sched/idle.h"
#include "runtime/plug/syscall_handoff.h"
#include "runtime/sim/host/world.h"
#include "runtime/sim/model.h"

namespace mn::sim {

namespace {

int calls;
int sightings;

// What every goroutine that starts another one does.
void UseP() { getp()->gfree_count++; }

void Caller(void*) {
  UseP();
  for (int i = 0; i < calls; i++) {
    internal::EnterSyscall();
    Say("in the kernel");
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
    Say("in the kernel");
    internal::ExitSyscall();
    Expect(getm()->p != nullptr, "MN-1: back with a P");
  }
}

void BlockingCaller(void*) {
  internal::EnterSyscallBlock();
  Say("in the kernel");
  internal::ExitSyscall();
  Expect(getm()->p != nullptr, "MN-1: back with a P");
}

void Other(void*) { UseP(); }

void Sysmon(void*) {
  for (int i = 0; i < sightings; i++) {
    P* p = PNumber(0);
    if (RetakeP(p, PStatus::kRunning)) HandoffP(p);
  }
}

void Check() {
  CheckAllRan();
  CheckAllIdle();
}

void Begin(int ps, int n_calls, int n_sightings) {
  NewWorld(ps);
  calls = n_calls;
  sightings = n_sightings;
}

constexpr Config kConfigs[] = {
    {"retake_1p",
     "1 P; G1 calls, G2 waits behind it, sysmon looks once",
     [] {
       Begin(1, 1, 1);
       Queue(PNumber(0), AddG("G1", Caller));
       Queue(PNumber(0), AddG("G2", Other));
       AddM("M0", PNumber(0));
       AddIdleM("M1");
       Spawn("sysmon", Sysmon, nullptr);
     },
     Check,
     {3, 1},
     {4, 1}},
    {"two_calls_1p",
     "1 P; G1 and G2 both call, sysmon looks twice",
     [] {
       Begin(1, 1, 2);
       Queue(PNumber(0), AddG("G1", Caller));
       Queue(PNumber(0), AddG("G2", Caller));
       AddM("M0", PNumber(0));
       AddIdleM("M1");
       Spawn("sysmon", Sysmon, nullptr);
     },
     Check,
     {2, 1},
     {3, 1}},
    {"lasts_1p",
     "1 P; G1 calls twice and is expected to be long, G2 waits behind it, "
     "sysmon looks once",
     [] {
       Begin(1, 2, 1);
       Queue(PNumber(0), AddG("G1", SlowCaller));
       Queue(PNumber(0), AddG("G2", Other));
       AddM("M0", PNumber(0));
       AddIdleM("M1");
       Spawn("sysmon", Sysmon, nullptr);
     },
     Check,
     {2, 1},
     {3, 1}},
    {"retake_2p",
     "2 Ps; G1 calls, G2 waits behind it, sysmon looks once",
     [] {
       Begin(2, 1, 1);
       Queue(PNumber(0), AddG("G1", Caller));
       Queue(PNumber(0), AddG("G2", Other));
       AddM("M0", PNumber(0));
       AddIdleM("M1");
       Spawn("sysmon", Sysmon, nullptr);
     },
     Check,
     {1, 1},
     {2, 1}},
    {"blocking_2p",
     "2 Ps; G1 hands its P off, G2 waits behind it, M1 looks",
     [] {
       Begin(2, 1, 0);
       Queue(PNumber(0), AddG("G1", BlockingCaller));
       Queue(PNumber(0), AddG("G2", Other));
       AddM("M0", PNumber(0));
       AddM("M1", PNumber(1));
     },
     Check,
     {1, 1},
     {2, 1}},
};

}  // namespace

std::span<const Config> Configs() { return kConfigs; }

}  // namespace mn::sim
