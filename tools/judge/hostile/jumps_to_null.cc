// Calls a function pointer that nobody has set.
#include "runtime/plug/run_queue.h"

namespace mn {
void (*volatile on_put)() = nullptr;

bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return true; }
void RunqPut(RunQueue&, G*, bool) {
  on_put();
  on_put = nullptr;
}
G* RunqGet(RunQueue&) { return nullptr; }
}  // namespace mn
