// Hostile: takes all the memory there is.
#include <stdlib.h>
#include <string.h>

#include "runtime/plug/run_queue.h"

namespace mn {
bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return true; }
void RunqPut(RunQueue&, G*, bool) {}
G* RunqGet(RunQueue&) {
  for (;;) {
    void* p = malloc(1 << 20);
    if (p == nullptr) return nullptr;
    memset(p, 1, 1 << 20);
  }
}
}  // namespace mn
