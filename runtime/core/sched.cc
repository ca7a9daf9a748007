#include "runtime/core/sched.h"

namespace mn {
Sched sched;
}  // namespace mn
