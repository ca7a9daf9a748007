// Hostile, or just a mistake: a loop that does not end.
#include "runtime/plug/run_queue.h"

namespace mn {
bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return false; }
void RunqPut(RunQueue&, G*, bool) {}
G* RunqGet(RunQueue& q) {
  while (q.head.load() == q.tail.load()) {
  }
  return nullptr;
}
}  // namespace mn
