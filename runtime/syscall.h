// Calls that block the thread (document, section 4).
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace mn {

namespace internal {
// Not inline: they know the place of the call by their return address.
[[gnu::noinline]] void EnterSyscall();
[[gnu::noinline]] void EnterSyscallBlock();
void ExitSyscall();

struct SyscallExit {
  ~SyscallExit() { ExitSyscall(); }
};

// f in a function of its own: compilers compute errno's address once for each,
// and the caller may have been on another thread before.
template <class F>
[[gnu::noinline]] auto CallOnThread(F&& f) -> std::invoke_result_t<F> {
  return std::forward<F>(f)();
}
}  // namespace internal

// Runs `f()`, which may block in the kernel (read of a file, open, flock ...),
// on one thread (perhaps another than the caller's). The P stays with the
// thread unless the call lasts: sysmon takes it when it sees the call a second
// time, 20 us or more later, and somebody could use it, and after 10 ms anyway.
// So a short call costs a few nanoseconds and a long one lets other goroutines
// go on. A goroutine whose call lost its P that way is expected to be as
// slow when it calls from the same place again (the same Syscall in the
// program, perhaps all with an f of the same type; all sys::Read are one): it
// then hands the P off at once, as BlockingCall does, if another one waits for
// it and no thread is looking for work already, until such a call returns
// within 5 us. When f returns the goroutine needs a P again and may have to
// wait for one. Returns what f returns; an exception passes through after the P
// is back.
// f must not call into the runtime (but see Callback in foreign.h).
//
// errno: read it inside f; after the call the goroutine may be on another
// thread. A call that SIGURG interrupts and that the kernel does not restart
// (nanosleep, poll ...) returns EINTR: repeat it, as sys:: below does.
// Caller: a goroutine. May park, before and after f. Mirrors syscall.Syscall
// (entersyscall/exitsyscall).
template <class F>
auto Syscall(F&& f) -> std::invoke_result_t<F> {
  internal::EnterSyscall();
  internal::SyscallExit exit;
  return internal::CallOnThread(std::forward<F>(f));
}

// As Syscall for a call that is known to block (wait4, a read that will take
// long): the P goes to another thread at once. Caller: a goroutine. May park.
// Mirrors what runtime.entersyscallblock does for Go's own blocking calls.
template <class F>
auto BlockingCall(F&& f) -> std::invoke_result_t<F> {
  internal::EnterSyscallBlock();
  internal::SyscallExit exit;
  return internal::CallOnThread(std::forward<F>(f));
}

struct Semaphore;

// Bounds how many goroutines are in blocking calls at once, and with them the
// number of threads: a thousand reads of files through a pool of 8 take eight
// threads. A call beyond that parks its goroutine, first come, first served.
//
//   mn::BlockingPool files(8);
//   for (const char* path : paths) {
//     mn::Go([&files, path] { files.Call([path] { return ReadFile(path); }); });
//   }
//
// Thread-safety: all functions, any goroutine. Must outlive its calls. Go has
// none: its programs write a channel of `limit` slots. Mirrors the document,
// section 14, gotcha 3.
class BlockingPool {
 public:
  // limit < 1 is taken as 1.
  explicit BlockingPool(int limit);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Waits for a place (parks), then BlockingCall(f). The place is free again
  // after the call, also after an exception. Returns what f returns.
  template <class F>
  auto Call(F&& f) -> std::invoke_result_t<F> {
    struct Place {
      explicit Place(BlockingPool& p) : pool(p) { pool.Enter(); }
      ~Place() { pool.Leave(); }
      BlockingPool& pool;
    };
    Place place(*this);
    return BlockingCall(std::forward<F>(f));
  }

 private:
  void Enter();
  void Leave();

  std::unique_ptr<Semaphore> places_;
};

// System calls that let other goroutines go on meanwhile. They return the error
// by value, since errno belongs to a thread, and are repeated after EINTR.
// Caller: a goroutine. May park. Paths and buffers as for the system call of
// that name; each mirrors the function of that name in Go's package syscall.
namespace sys {

struct Result {
  long value = -1;  // as the system call's; -1 on error
  int error = 0;    // an errno, 0 if none
  bool ok() const { return error == 0; }
};

Result Read(int fd, void* buffer, std::size_t n);
Result Write(int fd, const void* buffer, std::size_t n);
Result Pread(int fd, void* buffer, std::size_t n, off_t offset);
Result Pwrite(int fd, const void* buffer, std::size_t n, off_t offset);
Result Open(const char* path, int flags, mode_t mode = 0);
// Not repeated after EINTR: the descriptor is gone (Linux).
Result Close(int fd);
Result Fsync(int fd);
Result Flock(int fd, int operation);
// Blocks the thread for `d`; mn::Sleep blocks only the goroutine.
Result Nanosleep(std::chrono::nanoseconds d);
// value: the child's pid.
Result Wait4(pid_t pid, int* status, int options, rusage* usage = nullptr);

}  // namespace sys

}  // namespace mn
