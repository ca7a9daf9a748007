// Hostile: closes the pipe to the judge, so that nothing wrong can be reported.
#include <unistd.h>

#define RunqGet RightRunqGet
#include "runtime/sched/run_queue.cc"
#undef RunqGet

namespace mn {
G* RunqGet(RunQueue& q) {
  for (int fd = 3; fd < 10; fd++) close(fd);
  return RightRunqGet(q);
}
}  // namespace mn
