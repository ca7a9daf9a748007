// A file that is opened once and read from its start again and again.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace mn::cgroup {

// Owns a file descriptor. Close-on-exec; opening never blocks (a FIFO in the
// place of a file is read as an empty one).
class File {
 public:
  File() = default;
  File(File&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  File& operator=(File&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~File();

  // Returns 0 or errno. REQUIRES: not open.
  int Open(const std::string& path, int flags = 0);

  // pread at 0; what the kernel gives in one call. Returns how many bytes, or
  // -errno. Thread-safe.
  std::ptrdiff_t ReadAgain(std::span<char> to) const;

  // Everything, from where the last read ended. Returns 0 or errno, EFBIG if
  // there is more than `max`.
  int ReadAll(std::string* to, std::size_t max);

 private:
  int fd_ = -1;
};

}  // namespace mn::cgroup
