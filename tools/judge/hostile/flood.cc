// Hostile: prints without end.
#include <unistd.h>

#include "runtime/plug/run_queue.h"

namespace mn {
bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return true; }
void RunqPut(RunQueue&, G*, bool) {}
G* RunqGet(RunQueue&) {
  static const char page[65536] = {};
  while (write(1, page, sizeof(page)) > 0) {
  }
  return nullptr;
}
}  // namespace mn
