#include "runtime/os/cgroup/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace mn::cgroup {

File::~File() {
  if (fd_ >= 0) close(fd_);
}

int File::Open(const std::string& path, int flags) {
  fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
  return fd_ < 0 ? errno : 0;
}

std::ptrdiff_t File::ReadAgain(std::span<char> to) const {
  const ssize_t n = pread(fd_, to.data(), to.size(), 0);
  return n < 0 ? -errno : n;
}

int File::ReadAll(std::string* to, std::size_t max) {
  for (;;) {
    char buffer[4096];
    const ssize_t n = read(fd_, buffer, sizeof(buffer));
    if (n == 0) return 0;
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (max - to->size() < static_cast<std::size_t>(n)) return EFBIG;
    to->append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace mn::cgroup
