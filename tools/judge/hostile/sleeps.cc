// A wait for a change that nobody makes: it sleeps, and does not compute.
#include <unistd.h>

#include "runtime/plug/run_queue.h"

namespace mn {
bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return false; }
void RunqPut(RunQueue&, G*, bool) {}
G* RunqGet(RunQueue& q) {
  while (q.head.load() == q.tail.load()) usleep(1000);
  return nullptr;
}
}  // namespace mn
