// Contract of the piece `park` (lesson 03): how a goroutine waits without its
// thread waiting.
//
// What: Gopark takes the running goroutine off its thread until somebody calls
// Goready. Everything that waits in the runtime waits this way: channels,
// locks, Sleep, WaitGroup.
//
// Why it is hard: "decide to sleep" and "be asleep" are two moments, and the
// waker may come between them. So a goroutine never publishes itself. It
// switches away first. What it left behind, its `commit`, runs on the next
// stack and publishes it there, typically by releasing the lock that its waker
// needs.
//
// Invariants (named by the judge, by mutants and by the conformance suite):
//   PARK-1 No wake-up is lost: a goroutine that parks and is made ready runs
//          again, in whatever order the steps of the two fall.
//   PARK-2 Goready of a goroutine that does not wait ends the program with a
//          fatal error.
//   PARK-3 A goroutine's status takes legal steps only: from running to
//          waiting, from waiting to runnable, from runnable to running.
//   PARK-4 A parked goroutine costs no CPU time.
//   PARK-5 A commit runs when the goroutine counts as waiting and has left its
//          stack, never before.
//   PARK-6 A park lasts until Goready, and waitreason is meanwhile the reason
//          that the park was given.
//   PARK-7 What was made ready runs next on the caller's P, and another thread
//          is woken if a P idles.
//
// The runtime's own version is runtime/sched/park.cc. A learner's file replaces
// it at the last link, so nothing else is compiled again:
//   --//runtime/plug:park=//exercises/03_park_ready:piece
#pragma once

#include "runtime/core/getg.h"
#include "runtime/core/sched.h"
#include "runtime/sched/spinning.h"

namespace mn {

// ---- what the host provides --------------------------------------------

// getg()   the goroutine that runs on this thread            core/getg.h
// getp()   the P of this thread
//
// SetStatus(gp, from, to)   changes gp->status. A debug build ends the program
//          unless the status was `from` and the step is legal (PARK-3). An
//          optimised build does not look.                    core/g.h
//          The states are GStatus::kRunning, kWaiting and kRunnable.
// gp->status, gp->waitreason   atomics: .load(memory_order_relaxed) and
//          .store(value, memory_order_relaxed) are enough, since whatever
//          publishes gp publishes them as well. waitreason says why gp waits,
//          for dumps (PARK-6). Nobody has to clear it.
// lock->Unlock()   of an RtMutex                             core/lock.h
//
// RunqPut(p->runq, gp, next)   queues gp on the P p; with `next`, gp runs there
//          next.                                             plug/run_queue.h
// Wakep()  wakes another thread if a P idles and no thread looks for work. Call
//          it after RunqPut.                                 sched/spinning.h
// Throw(text)   ends the program with `fatal error: text`.   core/fatal.h

// Leaves the stack of the running goroutine gp for that of the next one. There,
// after(gp, arg) runs first of all: now gp's registers are saved, and nothing
// of gp runs. Returns, on gp's stack, when somebody makes gp run again, perhaps
// on another thread. `arg` may point into gp's stack, which stays as it is
// until gp is published. With `dying` gp never runs again.
void SwitchAway(G* gp, void (*after)(G* gp, void* arg), void* arg,
                bool dying = false);

// ---- what the piece provides -------------------------------------------

// Parks the calling goroutine until Goready. commit(gp, arg) runs on another
// stack once gp waits (PARK-5). The commit publishes gp to its waker. Until it
// has done so, nobody can call Goready. If the commit returns false the park is
// cancelled and gp runs on soon. A null commit does nothing and returns true.
// If the commit returns true, gp may run again by then or may have ended, so
// nothing of gp is touched any more.
// The commit must not park. `arg` may point into the goroutine's stack, but is
// dead as soon as gp is published: the waker may be quicker than the commit.
// Caller: a goroutine, in the runtime. May continue on another thread.
void Gopark(bool (*commit)(G* gp, void* arg), void* arg, WaitReason reason);

// Parks as Gopark does, with a commit that unlocks `lock`.
// REQUIRES: the caller holds `lock`.
void GoparkUnlock(RtMutex* lock, WaitReason reason);

// Makes a parked goroutine runnable. gp runs next on the caller's P, and
// another thread is woken if a P idles (PARK-7). Ends the program if gp does
// not wait (PARK-2). Caller: a thread with a P, on any stack. Does not park.
void Goready(G* gp);

}  // namespace mn
