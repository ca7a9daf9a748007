// An index far outside of its array: so far that the address is none.
#include "runtime/plug/run_queue.h"

namespace mn {
volatile std::uint64_t far_away = std::uint64_t{1} << 50;

bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return true; }
void RunqPut(RunQueue& q, G* gp, bool) {
  q.ring[q.tail.load() + far_away].store(gp);
}
G* RunqGet(RunQueue&) { return nullptr; }
}  // namespace mn
