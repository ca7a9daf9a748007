// getm() after a park is the new thread's M, however the caller was compiled
// (this file is built with several sets of options, see BUILD).
//
// The check is one that cannot be optimised together with what it checks: the M
// that getm() finds must be the one that runs this goroutine.
#include "runtime/core/getg.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>

#include "runtime/core/p.h"
#include "runtime/mn.h"
#include "runtime/sched/runtime_call.h"

namespace mn {
namespace {

// All in one function, with getm() inlined before and after each park: what a
// compiler would need to reuse an address of the thread-local.
void Migrate(std::atomic<int>* migrations, std::atomic<int>* wrong) {
  const G* self = getg();
  for (int i = 0; i < 400; i++) {
    M* before = getm();
    if (before->curg != self) wrong->fetch_add(1);
    Gosched();
    M* after = getm();
    if (after->curg != self || after != self->m) wrong->fetch_add(1);
    if (after != before) migrations->fetch_add(1);
    if (i % 16 == 0) {
      BlockingCall([] { ::usleep(100); });
      RuntimeCall call("a test");  // no preemption between two looks
      if (getm()->curg != self || getg() != self || getp()->m != getm()) {
        wrong->fetch_add(1);
      }
    }
  }
}

TEST(Getm, Swt2_IsTheNewThreadsAfterAPark) {
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
