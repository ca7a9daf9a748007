// sys::Read and the others. Each is a system call inside mn::Syscall.
//
// Why this is hard. errno belongs to a thread, and a goroutine may come back
// from a system call on another thread. So the error is read before the call is
// over for the runtime, and goes back by value.
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/syscall.h"

namespace mn::sys {

namespace {

// Makes the call once.
template <class F>
Result Call(F&& f) {
  return Syscall([&]() -> Result {
    // Still on the thread of the call. After mn::Syscall the goroutine may
    // move.
    const long value = f();
    return value < 0 ? Result{-1, errno} : Result{value, 0};
  });
}

// Makes the call until no signal interrupts it. The preemption signal is
// installed with SA_RESTART, but some calls are never restarted, and the
// program may have handlers of its own. Go's package os
// does the same.
template <class F>
Result Repeat(F&& f) {
  for (;;) {
    const Result r = Call(f);
    if (r.error != EINTR) return r;
  }
}

}  // namespace

Result Read(int fd, void* buffer, std::size_t n) {
  return Repeat([&] { return ::read(fd, buffer, n); });
}

Result Write(int fd, const void* buffer, std::size_t n) {
  return Repeat([&] { return ::write(fd, buffer, n); });
}

Result Pread(int fd, void* buffer, std::size_t n, off_t offset) {
  return Repeat([&] { return ::pread(fd, buffer, n, offset); });
}

Result Pwrite(int fd, const void* buffer, std::size_t n, off_t offset) {
  return Repeat([&] { return ::pwrite(fd, buffer, n, offset); });
}

Result Open(const char* path, int flags, mode_t mode) {
  return Repeat([&] { return ::open(path, flags, mode); });
}

// Not repeated. Linux has released the descriptor even if close returns EINTR.
// Another goroutine may have the same number by now.
Result Close(int fd) {
  return Call([&] { return ::close(fd); });
}

Result Fsync(int fd) {
  return Repeat([&] { return ::fsync(fd); });
}

Result Flock(int fd, int operation) {
  return Repeat([&] { return ::flock(fd, operation); });
}

Result Nanosleep(std::chrono::nanoseconds d) {
  timespec left = {};
  if (d.count() > 0) {
    // The call takes seconds and nanoseconds apart. A negative time is an error
    // there, and no time to sleep here.
    left.tv_sec = d.count() / 1'000'000'000;
    left.tv_nsec = d.count() % 1'000'000'000;
  }
  // The call writes the time that is left into its second argument, so a
  // repeated call sleeps only for the rest.
  return Repeat([&] { return ::nanosleep(&left, &left); });
}

// Not mn::BlockingCall, because with WNOHANG the call returns at once. A wait
// that lasts loses its P to sysmon (MON-2).
Result Wait4(pid_t pid, int* status, int options, rusage* usage) {
  return Repeat([&] { return ::wait4(pid, status, options, usage); });
}

}  // namespace mn::sys
