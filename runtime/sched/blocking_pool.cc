// BlockingPool: a semaphore around blocking calls (runtime/syscall.h).
//
// The counting is done by Semacquire and Semrelease of the piece
// plug/syscall_handoff.h. They keep the order of arrival (SYS-7).
#include <algorithm>

#include "runtime/plug/syscall_handoff.h"

namespace mn {

BlockingPool::BlockingPool(int limit) : places_(std::make_unique<Semaphore>()) {
  // A pool without a place would let every call wait for ever.
  places_->permits = std::max(limit, 1);
}

// Defined here, since syscall.h declares Semaphore without its members.
BlockingPool::~BlockingPool() = default;

void BlockingPool::Enter() {
  ParkingCall call("mn::BlockingPool::Call");
  Semacquire(*places_);
}

void BlockingPool::Leave() {
  // No ParkingCall, since Semrelease does not park. A preempt request that is
  // pending waits for the next call that may park.
  RuntimeCall call("mn::BlockingPool::Call");
  Semrelease(*places_);
}

}  // namespace mn
