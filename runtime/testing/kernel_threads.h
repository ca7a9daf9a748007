// Threads as the kernel sees them, and threads that the runtime does not know.
#pragma once

#include <atomic>
#include <thread>
#include <utility>

namespace mn::test {

// The calling thread's, from the kernel; any thread.
int KernelTid();

// The process has a thread with this id, from the kernel.
bool ThreadLives(int tid);

// Threads of this process, TSan's own left out.
int KernelThreads();

// The calling goroutine is pinned to the calling thread. Ends the program if
// the goroutine's book and the thread's differ.
bool Pinned();

// Blocks the calling thread, as C code does, until `flag`.
void BlockUntil(const std::atomic<bool>& flag);

// Joins without holding up the goroutines that t waits for. Caller: a
// goroutine.
void Join(std::thread& t);

// Runs f to its end on a thread that the runtime does not know. Caller: a
// goroutine.
template <class F>
void OnForeignThread(F f) {
  std::thread t(std::move(f));
  Join(t);
}

}  // namespace mn::test
