// Returns what is no goroutine: the driver finds out, and is not to blame.
#include "runtime/plug/run_queue.h"

namespace mn {
bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return true; }
void RunqPut(RunQueue&, G*, bool) {}
G* RunqGet(RunQueue&) { return reinterpret_cast<G*>(0x4321000); }
}  // namespace mn
