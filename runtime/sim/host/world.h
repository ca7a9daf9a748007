// The world of a scheduler model: Ms as threads of the explorer, Ps, and
// goroutines with stacks of their own. The scheduler itself is the runtime's;
// what is left out around it (making threads, netpoll, sysmon, the deadlock
// report) is in world.cc, as small as can be.
#pragma once

#include "runtime/core/sched.h"

namespace mn::sim {

// As at the start of a program: `ps` Ps, all idle, nothing else. First in every
// setup. `ncpu` > 1: idle Ms look for a while before they sleep.
void NewWorld(int ps, int ncpu = 1);

P* PNumber(int i);

// A thread whose M holds the P and looks for work at once.
M* AddM(const char* name, P* p);
// A thread whose M goes to sleep on sched.midle at once.
M* AddIdleM(const char* name);

// A goroutine that will run fn(arg) and end; runnable, on no queue yet.
G* AddG(const char* name, void (*fn)(void*), void* arg = nullptr);

// Puts it at the tail of p's ring. Caller: setup.
void Queue(P* p, G* gp);

// What must hold when every M sleeps: MN-7, all goroutines have ended.
void CheckAllRan();
// ... MN-2, every P is on the idle list, once.
void CheckAllIdle();

}  // namespace mn::sim
