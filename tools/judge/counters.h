// Counts allocations and locks inside a case process.
//
// What: while counting is on, every malloc (and so every operator new) and
// every pthread lock operation of the calling thread is counted. For invariants
// of the form "no allocation, no lock".
//
// How: the case binary defines malloc and pthread_mutex_lock itself and
// forwards to libc. Under a sanitizer allocations are counted through its
// malloc hook, and locks are not counted (TSan must see them): there the
// forbidden patterns of a manifest stand alone. Locks that never call libc (a
// spinning flag) are not seen either.
#pragma once

#include <cstdint>

namespace mn::judge {

struct Counts {
  std::int64_t allocations = 0;
  std::int64_t locks = 0;
};

// Of the calling thread.
void StartCounting();
Counts StopCounting();

// Nothing in its scope is counted: for what the operation calls and the learner
// did not write.
class NotCounted {
 public:
  NotCounted();
  ~NotCounted();

 private:
  bool counting_;
};

}  // namespace mn::judge
