// Active spinning: when waiting on the processor is cheaper than parking.
//
// A park and a wake-up cost two switches and, if the other side is on another
// thread, its attention; a critical section is often shorter than that. But
// spinning only makes sense while the holder runs on another processor, and it
// steals from goroutines that could run here.
// Internal to runtime/sync. Mirrors sync_runtime_canSpin and doSpin.
#pragma once

namespace mn::internal {

// Is it worth spinning once more, having done so `spins` times? Only with more
// than one CPU, another P that runs something, and nothing queued on this P.
// A guess: what it reads may change at once.
bool CanSpin(int spins);

// One round: 30 pauses, well under a microsecond.
void Spin();

}  // namespace mn::internal
