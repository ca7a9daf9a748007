// Hostile, or just a mistake: writes through a null pointer.
#include "runtime/plug/run_queue.h"

namespace mn {
bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return true; }
void RunqPut(RunQueue&, G*, bool) {}
G* RunqGet(RunQueue& q) {
  *reinterpret_cast<volatile int*>(q.runnext.load()) = 1;
  return nullptr;
}
}  // namespace mn
