// Active spinning, for waits that are cheaper on the processor than parked.
//
// A park and a wake-up cost two switches. If the other side is on another
// thread, both threads lose time. A critical section is often shorter. But a
// spin is of use only while the holder runs on another CPU, and other
// goroutines could use this CPU meanwhile.
// Internal to runtime/sync.
#pragma once

namespace mn::internal {

// Returns true if another round is worth its time after `spins` rounds. That
// needs a second CPU, another P that runs something, and nothing queued here.
// Any thread. Does not park. The answer is a guess, since what it reads may
// change at once.
// Mirrors: sync_runtime_canSpin.
bool CanSpin(int spins);

// Spins for a round of 30 pauses, which takes about a microsecond or less.
// Mirrors: sync_runtime_doSpin.
void Spin();

}  // namespace mn::internal
