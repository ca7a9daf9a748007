// Memory for what an execution allocates: per thread, so that addresses do not
// depend on the schedule; never reused within an execution, so that a block's
// former life makes no false race; forgotten as a whole before the next one.
//
// `new` takes from the arena only while a model's code runs; the explorer's own
// containers are on the heap.
#pragma once

#include <cstddef>

namespace mn::sim {

// Forgets everything.
void ResetArenas();

// From now on `new` takes from arena `number`; -1: from the heap.
void UseArena(int number);
int CurrentArena();

// The explorer's own allocations while a model's thread is on the CPU.
class OutsideArena {
 public:
  OutsideArena() : saved_(CurrentArena()) { UseArena(-1); }
  ~OutsideArena() { UseArena(saved_); }
  OutsideArena(const OutsideArena&) = delete;
  OutsideArena& operator=(const OutsideArena&) = delete;

 private:
  int saved_;
};

}  // namespace mn::sim
