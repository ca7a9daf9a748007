// BlockingPool: a semaphore around blocking calls.
#include <algorithm>

#include "runtime/plug/syscall_handoff.h"

namespace mn {

BlockingPool::BlockingPool(int limit) : places_(std::make_unique<Semaphore>()) {
  places_->permits = std::max(limit, 1);
}

BlockingPool::~BlockingPool() = default;

void BlockingPool::Enter() {
  ParkingCall call("mn::BlockingPool::Call");
  Semacquire(*places_);
}

void BlockingPool::Leave() {
  RuntimeCall call("mn::BlockingPool::Call");
  Semrelease(*places_);
}

}  // namespace mn
