// Contract of the piece `syscall_handoff` (lesson 07): a thread blocks in the
// kernel, and its P goes on with other goroutines.
//
// What: mn::Syscall(f) calls EnterSyscall, then f, then ExitSyscall.
// mn::BlockingCall(f) does the same with EnterSyscallBlock. sysmon calls
// RetakeP for a P whose thread has been in a call for long, and gives what it
// took to HandoffP. A BlockingPool counts its calls with Semacquire and
// Semrelease.
//
// Why it is hard: most calls return in less time than it takes to wake another
// thread (5 us). So a call must cost next to nothing, and nobody knows at its
// beginning whether it will last. And while it lasts three threads may want the
// same P at the same moment.
//
// Invariants (named by the judge, by mutants and by the conformance suite):
//   SYS-1 While goroutines block in the kernel, other goroutines go on.
//   SYS-2 There are no more threads than blocked goroutines, Ps and a fixed
//         number besides.
//   SYS-3 A call that comes back to its own P takes no lock.
//   SYS-4 A goroutine that comes back and finds no P waits in the global queue,
//         and its thread sleeps.
//   SYS-5 The number of Ps stays: a P that is left in a call is taken by
//         exactly one thread.
//   SYS-6 Calls shorter than sysmon's threshold make no thread and wake none.
//   SYS-7 With a pool of n places at most n goroutines are in its calls, and
//         they get their places in the order in which they came.
//   SYS-9 While the world is being stopped, a P that no thread holds belongs to
//         whoever stops the world.
//   SYS-10 A pinned goroutine comes back on its own thread.
//   SYS-11 During a call the goroutine's fp and syscallpc are the frame and the
//         return address of the call.
//
// The runtime's own version is runtime/sched/syscall.cc. A learner's file
// replaces it at the last link, so nothing else is compiled again:
//   --//runtime/plug:syscall_handoff=//exercises/07_syscall_handoff:piece
#pragma once

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/ctx/switch.h"
#include "runtime/plug/park.h"
#include "runtime/sched/globrunq.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/lockedm.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/stw.h"
#include "runtime/sched/sysmon.h"
#include "runtime/syscall.h"

namespace mn {

// What a BlockingPool counts with. Plain data: the piece reads and writes it.
struct Semaphore {
  // Lies on the stack of the goroutine that waits.
  struct Waiter {
    G* g;
    Waiter* next;
  };

  RtMutex lock{LockRank::kObject};
  // Guarded by lock.
  int permits = 0;
  Waiter* first = nullptr;  // has waited longest
  Waiter* last = nullptr;
};

// ---- what the host provides --------------------------------------------
//
// sched/runtime_call.h
//   ParkingCall call("name");   stands at the top of a function that a
//       goroutine calls. Until the end of the scope the thread is in the
//       runtime, and no preemption comes. call.m() is the thread, call.g() its
//       goroutine. A thread that has no P needs InRuntimeScope instead.
//
// core/getg.h, core/m.h, core/g.h, core/lock.h
//   getm(), getg()   the thread and its goroutine. m->curg is the goroutine of
//       m, and m->g0 the G of m's own stack.
//   SetStatus(gp, from, to)   with GStatus::kRunning, kSyscall, kRunnable.
//   p->status   an atomic of PStatus::kRunning, kSyscall and others.
//   p->m      the thread that holds p. A thread that takes a P back writes
//       p->m, and RetakeP sets p->m to null.
//   Bump(p->syscalltick)   one more, without a locked instruction. The caller
//       must hold p.
//   RtLock lock(mutex);   holds an RtMutex until the end of the scope.
//   m->p      the P of m.
//   m->oldp   is for the piece: the P that m has left in a call.
//
// sched/idle.h
//   AcquireP(m, p)   m, which has no P, takes p.
//   ReleaseP(m)      parts with m's P and returns it. The caller must hand the
//       P off.
//   PidlePut(p), PidleGet()   the list of idle Ps. REQUIRES: sched.lock.
//   StartM(p, spinning)   wakes or makes a thread that runs goroutines with p.
//   StopM(m)   puts the thread to sleep until somebody gives it a P. On return
//       the thread has one. Only on the thread's own stack, g0.
//
// sched/spinning.h
//   IdleP(p, false)   is PidlePut, unless somebody has asked for a thread that
//       looks for work. Then the result is false, and p needs such a thread:
//       CountSpinning(), and StartM(p, true). REQUIRES: sched.lock.
//
// sched/globrunq.h
//   GlobrunqPut(gp)   to the end of the global queue. REQUIRES: sched.lock.
//   WorkWaits(p)      something can run, on p's queue or on the global one.
//
// ctx/switch.h
//   SwitchTo(gp, &m->g0, after, arg)   leaves gp's stack for g0, where
//       after(gp, arg) runs first and the scheduler goes on. Returns when gp
//       runs again, perhaps on another thread, which then has a P.
//
// sched/lockedm.h
//   WaitForP(m, gp)   for a goroutine that is pinned (m->lockedg is not null):
//       gets a P for gp on this thread (SYS-10). gp is in state kSyscall
//       before, and runs after.
//
// sched/stw.h
//   sched.gcwaiting, GcstopP(p)   somebody stops the world, and p goes there.
//       The idle Ps are not for others meanwhile (SYS-9).
//
// sched/sysmon.h
//   SysmonMissesSyscall(p), internal::WakeSysmon(), CameBackWithoutP()
//       sysmon sleeps longer and longer while nothing happens. It has to be
//       told of a call that leaves work behind, and of a goroutine that came
//       back and found no P.

// ---- what the piece provides -------------------------------------------
//
// Three functions of runtime/syscall.h. A goroutine calls them.
//   internal::EnterSyscall        the goroutine is about to make a call that
//       may block. The state of the goroutine becomes kSyscall, and so does the
//       state of its P. The P is left for the thread that comes back first, or
//       for sysmon.
//   internal::EnterSyscallBlock   the same for a call that is known to block.
//       The P is handed off at once, and m->oldp is null.
//   internal::ExitSyscall         the call is over. On return the goroutine
//       runs and its thread has a P. That is its old P (SYS-3), or an idle P,
//       or, later, the P that runs the goroutine from the global queue (SYS-4).
//
// gp->fp and gp->syscallpc are where a dump begins to read the goroutine's
// stack (SYS-11). They are __builtin_frame_address(0) and
// __builtin_return_address(0) of the two Enter functions. p->syscalltick tells
// sysmon one call from the next, so it changes before the P is left.

// Takes p, which its thread has left in a call, and sets its state to `to`. The
// caller has p then. False: p is in no call, or another thread was quicker.
// Caller: any thread, perhaps with sched.lock held. Takes no lock.
bool RetakeP(P* p, PStatus to);

// Hands off a P that belongs to no thread. Starts a thread for the P if
// something can run. Otherwise there are two ways. Start a thread that looks
// for work: if the thread finds none it puts the P on the idle list itself. Or
// use IdleP, but look at sched.runqsize again under the same lock, since a
// goroutine may just have joined the global queue. And never idle the last P
// that is not idle, since nobody would wait for timers then. A bare PidlePut
// loses a wake-up, since somebody may just have asked for a thread that looks.
// Caller: any thread, no locks held. Async-signal-safe.
void HandoffP(P* p);

// Takes one permit, or parks until Semrelease gives one. First come, first
// served. Caller: a goroutine, in the runtime.
void Semacquire(Semaphore& s);

// Gives one permit back: to the goroutine that has waited longest, if any
// waits. Caller: a goroutine, in the runtime. Does not park.
void Semrelease(Semaphore& s);

}  // namespace mn
