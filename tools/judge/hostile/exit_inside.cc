// Hostile: ends the process with status 0 in the middle of a case.
#include <stdlib.h>

#define RunqGet RightRunqGet
#include "runtime/sched/run_queue.cc"
#undef RunqGet

namespace mn {
G* RunqGet(RunQueue& q) {
  static int calls = 0;
  if (++calls == 20) exit(0);
  return RightRunqGet(q);
}
}  // namespace mn
