// Hostile, or just a mistake: recursion without end.
#include "runtime/plug/run_queue.h"

namespace mn {
bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return true; }
void RunqPut(RunQueue&, G*, bool) {}
G* RunqGet(RunQueue& q) {
  volatile char frame[256];
  frame[0] = 1;
  G* gp = q.head.load() == q.tail.load() ? RunqGet(q) : nullptr;
  return frame[0] == 1 ? gp : nullptr;
}
}  // namespace mn
