#include "runtime/core/sched.h"

namespace mn {
// No constructor runs, so code before main may use it. No destructor runs
// either, since other Ms use it until the process ends.
Sched sched;
}  // namespace mn
