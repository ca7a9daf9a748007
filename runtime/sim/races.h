// Data races on plain memory: who touched which bytes, and when.
//
// Why it is hard: a race is two accesses that nothing orders, and in the one
// schedule that runs they are far apart. What orders them is the clocks of
// their threads, so each run of bytes remembers the clock of its last write and
// of each thread's last read. An access that does not know one of these races
// with it. This is FastTrack (Flanagan and Freund, PLDI 2009), per run of bytes
// that is accessed as one.
//
// Rejected: a cell for each byte. A pointer would cost eight look-ups.
//
// Protocol: hooks.cc and Plain<T> (model.h) call OpPlain (ops.h) with every
// access. The first race ends the execution.
//
// Invariant:
//   RACE-1 a block of the arena has one life in an execution (arena.h), so a
//         race is never with what the block was before.
#pragma once

namespace mn::sim {

// A new execution: nothing has been touched.
void StartRaces();

}  // namespace mn::sim
