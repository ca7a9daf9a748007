// The worked answer is the runtime's own text: README.md in this folder walks
// through it.
#include "runtime/sched/run_queue.cc"
