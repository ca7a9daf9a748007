// A pipe: a call that blocks until the test says so.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

namespace mn::test {

class Pipe {
 public:
  Pipe() {
    if (::pipe(fd_) != 0) abort();
  }
  ~Pipe() {
    ::close(fd_[0]);
    ::close(fd_[1]);
  }
  // Blocks the thread.
  char Read() {
    char c = 0;
    return ::read(fd_[0], &c, 1) == 1 ? c : '\0';
  }
  void Write(char c) { EXPECT_EQ(::write(fd_[1], &c, 1), 1); }

 private:
  int fd_[2];
};

}  // namespace mn::test
