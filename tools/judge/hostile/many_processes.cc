// Hostile: forks without end. (Each child only sleeps: the machine that runs
// this test is shared.)
#include <unistd.h>

#include "runtime/plug/run_queue.h"

namespace mn {
bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return true; }
void RunqPut(RunQueue&, G*, bool) {}
G* RunqGet(RunQueue&) {
  for (;;) {
    const pid_t pid = fork();
    if (pid == 0) pause();
    usleep(100);
  }
}
}  // namespace mn
