#include "runtime/sync/once.h"

#include <gtest/gtest.h>

#include "runtime/mn.h"

namespace mn {
namespace {

TEST(Once, RunsOnceAndEveryCallerSeesItsEffect) {
  Once once;
  int runs = 0;
  WaitGroup done;
  for (int i = 0; i < 10; i++) {
    done.Go([&] {
      once.Do([&] {
        Gosched();  // the others come while it runs
        runs++;
      });
      EXPECT_EQ(runs, 1);
    });
  }
  done.Wait();
  EXPECT_EQ(runs, 1);
}

TEST(Once, AnExceptionCountsAsDone) {
  Once once;
  EXPECT_THROW(once.Do([] { throw Panic("failed"); }), Panic);
  bool again = false;
  once.Do([&] { again = true; });
  EXPECT_FALSE(again);
}

TEST(Once, GoexitCountsAsDone) {
  Once once;
  WaitGroup done;
  done.Go([&] { once.Do([] { Goexit(); }); });
  done.Wait();
  bool again = false;
  once.Do([&] { again = true; });
  EXPECT_FALSE(again);
}

}  // namespace
}  // namespace mn
