// Calls that block the thread, while other goroutines go on.
//
// Example:
//
//   const mn::sys::Result opened = mn::sys::Open("/proc/self/stat", O_RDONLY);
//   const int fd = static_cast<int>(opened.value);
//   char text[64];
//   const mn::sys::Result got = mn::sys::Read(fd, text, sizeof text);
//   assert(got.ok() && got.value == sizeof text);
//   mn::sys::Close(fd);
//
//   // Any other call goes through Syscall, which reads errno inside.
//   const int error =
//       mn::Syscall([] { return chdir("/no/such/place") == 0 ? 0 : errno; });
//   assert(error == ENOENT);
//
// Mirrors: the document, section 4.
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
// Not inline, because their return address is the place of the call.
[[gnu::noinline]] void EnterSyscall();
[[gnu::noinline]] void EnterSyscallBlock();
void ExitSyscall();

struct SyscallExit {
  ~SyscallExit() { ExitSyscall(); }
};

// Calls f in a function of its own. Compilers compute errno's address once in
// each function, and the caller may have been on another thread before.
template <class F>
[[gnu::noinline]] auto CallOnThread(F&& f) -> std::invoke_result_t<F> {
  return std::forward<F>(f)();
}
}  // namespace internal

// Runs f(), which may block in the kernel, as read, open and flock do.
// REQUIRES: the caller is a goroutine. f calls nothing of the runtime, except
// through Callback (foreign.h). f reads errno itself, since after Syscall the
// goroutine may be on another thread.
// Returns what f returns. If f throws, the exception passes through as soon as
// the goroutine has a P again. All of f runs on one thread, perhaps not the
// caller's. May park before f and after f.
//
// A short call costs a few nanoseconds. A long call lets other goroutines go
// on. The P stays with the thread at first. sysmon takes the P when sysmon sees
// the call a second time, 20 us or more after the first, and somebody can use
// the P. After 10 ms sysmon takes the P anyway. When f returns, the goroutine
// needs a P again and may have to wait.
//
// The runtime expects a call that was slow to be slow again. If a goroutine
// lost its P in a call and calls from the same place, the P is handed off at
// once. This happens only if somebody waits for a P and no thread looks for
// work. It ends when such a call returns within 5 us. The same place is the
// same Syscall in the program, and perhaps every Syscall with an f of the same
// type. All calls of sys::Read are one place.
//
// SIGURG may interrupt f. The kernel does not restart some calls (nanosleep,
// poll), and these return EINTR. f should then repeat the call, as the
// functions of sys:: do.
// Mirrors: syscall.Syscall (entersyscall and exitsyscall).
template <class F>
auto Syscall(F&& f) -> std::invoke_result_t<F> {
  internal::EnterSyscall();
  internal::SyscallExit exit;
  return internal::CallOnThread(std::forward<F>(f));
}

// Runs f(), which will certainly block, as wait4 does.
// REQUIRES: the same as for Syscall.
// Does what Syscall does, but hands the P off before f begins.
// Mirrors: runtime.entersyscallblock, which Go keeps for its own calls.
template <class F>
auto BlockingCall(F&& f) -> std::invoke_result_t<F> {
  internal::EnterSyscallBlock();
  internal::SyscallExit exit;
  return internal::CallOnThread(std::forward<F>(f));
}

struct Semaphore;

// Bounds how many goroutines are in blocking calls at once, and so the number
// of threads that these calls need.
//
// Example:
//
//   mn::BlockingPool naps(8);
//   mn::WaitGroup all;
//   for (int i = 0; i < 100; i++) {
//     all.Go([&] { naps.Call([] { usleep(1000); }); });
//   }
//   all.Wait();  // took eight threads for the naps, not a hundred
//
// REQUIRES: the pool outlives its calls.
// Any goroutine may call, also at once.
// Mirrors: the document, section 14, gotcha 3. A program in Go uses a channel
// of `limit` places.
class BlockingPool {
 public:
  // At most `limit` calls at once. A limit below 1 counts as 1. Any thread.
  explicit BlockingPool(int limit);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Waits for a place, and then does BlockingCall(f).
  // REQUIRES: the caller is a goroutine, and f is as for Syscall.
  // Returns what f returns. Parks while there is no place. Goroutines get their
  // places in the order in which they came. The place is free again when f has
  // returned or thrown.
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

// System calls that let other goroutines go on. Arguments are those of the
// system call with the same name.
// REQUIRES: the caller is a goroutine.
// The error comes as a value, since errno belongs to a thread. After EINTR the
// call is repeated. May park, as Syscall does.
// Mirrors: the functions with the same names in Go's package syscall.
namespace sys {

struct Result {
  long value = -1;  // what the system call returns, -1 after an error
  int error = 0;    // an errno, or 0
  bool ok() const { return error == 0; }
};

Result Read(int fd, void* buffer, std::size_t n);
Result Write(int fd, const void* buffer, std::size_t n);
Result Pread(int fd, void* buffer, std::size_t n, off_t offset);
Result Pwrite(int fd, const void* buffer, std::size_t n, off_t offset);
Result Open(const char* path, int flags, mode_t mode = 0);
// Not repeated after EINTR, because Linux has closed the descriptor by then.
Result Close(int fd);
Result Fsync(int fd);
Result Flock(int fd, int operation);
// Blocks the thread for `d`. mn::Sleep parks the goroutine and needs no thread.
Result Nanosleep(std::chrono::nanoseconds d);
// `value` is the child's pid.
Result Wait4(pid_t pid, int* status, int options, rusage* usage = nullptr);

}  // namespace sys

}  // namespace mn
