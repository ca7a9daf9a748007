// errno in a goroutine that moves between threads, by the rule in go.h: read in
// a function of its own it is the present thread's, however the caller was
// compiled (this file is built with several sets of options, see BUILD).
//
// The check: what a call on the present thread leaves in errno is what is read,
// not what the thread before has there.
#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "runtime/core/getg.h"
#include "runtime/mn.h"

namespace mn {
namespace {

// What go.h asks for.
__attribute__((noinline)) int Errno() { return errno; }
__attribute__((noinline)) void SetErrno(int e) { errno = e; }

void Migrate(std::atomic<int>* migrations, std::atomic<int>* wrong) {
  for (int i = 0; i < 400; i++) {
    const M* before = getm();
    SetErrno(EDOM);
    if (Errno() != EDOM) wrong->fetch_add(1);
    Gosched();
    const M* after = getm();
    if (after != getg()->m) wrong->fetch_add(1);
    if (after != before) migrations->fetch_add(1);
    SetErrno(0);
    ::close(-1);
    if (Errno() != EBADF) wrong->fetch_add(1);
    SetErrno(ERANGE);
    if (Errno() != ERANGE) wrong->fetch_add(1);
    // The other half of the rule: inside a blocking call.
    if (i % 16 == 0) {
      const int e = BlockingCall([] {
        ::close(-1);
        return errno;
      });
      Gosched();
      SetErrno(0);
      const int other = Syscall([] {
        ::open("/nonexistent", O_RDONLY);
        return errno;
      });
      if (e != EBADF || other != ENOENT) wrong->fetch_add(1);
    }
  }
}

TEST(Errno, ReadInAFunctionOfItsOwnIsThePresentThreads) {
  ASSERT_GE(GOMAXPROCS(), 2) << "set by the rule";
  std::atomic<int> migrations{0};
  std::atomic<int> wrong{0};
  // The precondition: goroutines do move.
  while (migrations.load() < 100) {
    WaitGroup wg;
    for (int i = 0; i < 16; i++) {
      wg.Go([&] { Migrate(&migrations, &wrong); });
    }
    wg.Wait();
  }
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace mn
