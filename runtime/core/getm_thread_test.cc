// getm() by itself: each thread has its own M, one that the runtime does not
// know has none. Built together with getg.cc, also with link-time optimisation,
// which cannot see the reference to tls_m inside the assembly.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "runtime/core/getg.h"

namespace mn {
namespace {

TEST(Getm, IsNullOnAThreadThatTheRuntimeDoesNotKnow) {
  EXPECT_EQ(getm(), nullptr);
  std::thread([] { EXPECT_EQ(getm(), nullptr); }).join();
}

TEST(Getm, IsEachThreadsOwn) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([] {
      M m;
      for (int k = 0; k < 1000; k++) {
        tls_m = &m;
        ASSERT_EQ(getm(), &m);
        tls_m = nullptr;
        ASSERT_EQ(getm(), nullptr);
      }
    });
  }
  for (std::thread& t : threads) t.join();
}

}  // namespace
}  // namespace mn
