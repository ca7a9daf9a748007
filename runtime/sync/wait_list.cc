#include "runtime/sync/wait_list.h"

#include "runtime/sched/park.h"

namespace mn::internal {

void ReadyAll(Sleeper* chain) {
  while (chain != nullptr) {
    Sleeper* const w = chain;
    // Read before Goready. The Sleeper is gone once its goroutine runs.
    chain = w->next;
    Goready(w->g);
  }
}

}  // namespace mn::internal
