#include "runtime/sync/wait_list.h"

#include "runtime/sched/park.h"

namespace mn::internal {

void ReadyAll(Sleeper* chain) {
  while (chain != nullptr) {
    Sleeper* const w = chain;
    chain = w->next;  // w is gone once its goroutine runs
    Goready(w->g);
  }
}

}  // namespace mn::internal
