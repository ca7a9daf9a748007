// The world of a scheduler model: Ms as threads of the explorer, Ps, and
// goroutines with stacks of their own. The scheduler itself is the runtime's;
// what is left out around it (making threads, netpoll, sysmon, the deadlock
// report) is in world.cc, as small as can be.
#pragma once

#include "runtime/core/sched.h"

namespace mn::sim {

// What a set-up begins with: Scene().OnP(Pinned, Waker).OnP().Asleep(1).
class Scene {
 public:
  // One more P, with goroutines in its ring that run these functions, in order.
  // The goroutines are G1, G2 ... through all Ps.
  template <class... Bodies>
  Scene& OnP(Bodies... bodies) {
    Ring& ring = rings_[ps_++];
    ((ring.body[ring.n++] = bodies), ...);
    return *this;
  }
  // Only so many Ms hold a P, M0 holds P0, and look for work at once. The
  // other Ps are idle. Otherwise an M holds each P.
  Scene& Looking(int ms) {
    looking_ = ms;
    return *this;
  }
  // So many more Ms go to sleep on sched.midle at once.
  Scene& Asleep(int ms) {
    asleep_ = ms;
    return *this;
  }
  // More than 1: idle Ms look for a while before they sleep.
  Scene& Ncpu(int n) {
    ncpu_ = n;
    return *this;
  }

 private:
  friend void NewWorld(const Scene& scene);

  struct Ring {
    void (*body[3])(void*);
    int n;
  };
  Ring rings_[4] = {};
  int ps_ = 0;
  int looking_ = -1;  // -1: one for each P
  int asleep_ = 0;
  int ncpu_ = 1;
};

// As at the start of a program, with the scene on it. First in every set-up.
void NewWorld(const Scene& scene);

P* PNumber(int i);

// A goroutine that will run fn and end. It is runnable, and on no queue yet.
// Caller: set-up.
G* AddG(void (*fn)(void*));

// So many goroutines have been added.
int Goroutines();

// The check of a model in which every M sleeps in the end: all goroutines have
// ended (MN-7), and every P is on the idle list, once (MN-2).
void CheckWorld();

}  // namespace mn::sim
