// Memory as the threads of a model see it: store buffers and happens-before.
//
// Why it is hard: what a load returns is the processor's business (x86-TSO),
// and what a load orders is C++'s. The two are kept apart. The values come from
// the buffers and from the memory itself. The clocks come from the orders as
// written, however strong the processor is.
//
//   * TSO: a store may stay in its thread's FIFO buffer. Loads look there
//     first. Locked operations, fences, seq_cst stores and system calls drain
//     it. A buffered store reaches memory by a choice of its own.
//   * Happens-before: a Location keeps the clock of its last write's release
//     sequence. An acquire joins it to the thread's clock at once. A relaxed
//     load keeps it for the next acquire fence.
//
// Rejected: the values that only weaker processors produce. The runtime's
// targets would need other hardware to confirm what is found.
//
// Protocol: ops.h declares the operations themselves (OpLoad ... OpFence). An
// operation is a Step (threads.h) before its effect and a Happens and a Record
// with it. Whatever is a system call begins with Drain.
//
// Invariants:
//   TSO-1 the stores of one thread reach memory in the order it made them;
//   TSO-2 a thread reads its own last store, buffered or not;
//   TSO-3 a store carries the clock of the moment at which it was made, not of
//         the moment at which it reaches memory.
#pragma once

#include <cstring>

#include "runtime/sim/execution.h"
#include "runtime/sim/locations.h"

namespace mn::sim {

// What is in memory. No step, and no buffer is looked at.
inline Word RawLoad(const void* addr, ValueType type) {
  Word word = 0;
  std::memcpy(&word, addr, type.size);
  return word;
}

// The oldest buffered store of a thread reaches memory.
void Flush(int thread);
// All of them.
inline void Drain(int thread) {
  while (threads[thread].buffered > 0) Flush(thread);
}

// The thread has read what the last write to l left there.
void AcquireFrom(Thread& t, const Location& l, std::memory_order order);

}  // namespace mn::sim
