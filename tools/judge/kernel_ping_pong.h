// What the kernel's own switch costs: the baseline of lessons about ours.
#pragma once

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace mn::judge {

// Two threads on one CPU that wake each other through two pipes. The thread
// that makes it stays on that CPU until the end.
class KernelPingPong {
 public:
  KernelPingPong() {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(std::max(sched_getcpu(), 0)), &one);
    sched_getaffinity(0, sizeof(before_), &before_);
    sched_setaffinity(0, sizeof(one), &one);  // the other thread inherits it
    if (pipe(to_) != 0 || pipe(from_) != 0) std::abort();
    other_ = std::thread([this] {
      char byte;
      while (read(to_[0], &byte, 1) == 1 && write(from_[1], &byte, 1) == 1) {
      }
    });
  }
  ~KernelPingPong() {
    close(to_[1]);
    other_.join();
    for (int fd : {to_[0], from_[0], from_[1]}) close(fd);
    sched_setaffinity(0, sizeof(before_), &before_);
  }

  // Two switches.
  void RoundTrip() {
    char byte = 0;
    if (write(to_[1], &byte, 1) != 1 || read(from_[0], &byte, 1) != 1) {
      std::abort();
    }
  }

 private:
  cpu_set_t before_;
  int to_[2], from_[2];
  std::thread other_;
};

}  // namespace mn::judge
