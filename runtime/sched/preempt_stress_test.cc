// Work under fire, for a moment: every result is right, all end. For longer:
// bazel run //runtime/testing/fire.
#include <gtest/gtest.h>

#include <chrono>

#include "runtime/mn.h"
#include "runtime/testing/fire/fire_work.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

TEST(PreemptStress, EveryResultIsRightAndAllEnd) {
  test::FireReport report;
  test::Watchdog dog("fire");
  const test::StressTime time;
  do {
    test::RunFire(
        32, std::chrono::milliseconds(300), report,
        [](void* d) { static_cast<test::Watchdog*>(d)->Progress(); }, &dog);
  } while (time.Left());
  EXPECT_EQ(report.wrong, 0) << report.first_wrong;
  for (std::size_t i = 0; i < test::kFireKinds.size(); i++) {
    EXPECT_GT(report.steps[i], 0) << test::kFireKinds[i];
  }
}

}  // namespace
}  // namespace mn
