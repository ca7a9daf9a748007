// For tests that change the number of Ps.
#pragma once

#include <gtest/gtest.h>

#include "runtime/go.h"
#include "runtime/testing/stress/stress.h"

namespace mn::test {

// The number of Ps is as before when the test ends.
class Gomaxprocs : public ::testing::Test {
 protected:
  void TearDown() override { GOMAXPROCS(before_); }
  test::Watchdog dog_{"GOMAXPROCS"};

 private:
  const int before_ = GOMAXPROCS();
};

}  // namespace mn::test
