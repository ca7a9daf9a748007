// sys::Read and the others: a system call inside mn::Syscall, its errno read
// before anything can move the goroutine to another thread.
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/syscall.h"

namespace mn::sys {

namespace {

template <class F>
Result Call(F&& f) {
  return Syscall([&]() -> Result {
    const long value = f();
    return value < 0 ? Result{-1, errno} : Result{value, 0};
  });
}

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
    left.tv_sec = d.count() / 1'000'000'000;
    left.tv_nsec = d.count() % 1'000'000'000;
  }
  // What is left after an interruption is what is slept next.
  return Repeat([&] { return ::nanosleep(&left, &left); });
}

Result Wait4(pid_t pid, int* status, int options, rusage* usage) {
  return Repeat([&] { return ::wait4(pid, status, options, usage); });
}

}  // namespace mn::sys
