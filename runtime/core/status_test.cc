// The table of a goroutine's states, and Go's words for them.
#include "runtime/core/status.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace mn {
namespace {

constexpr GStatus kAll[] = {
    GStatus::kIdle,    GStatus::kRunnable, GStatus::kRunning, GStatus::kSyscall,
    GStatus::kWaiting, GStatus::kDead,     GStatus::kDetached};

TEST(GStatus, Park3_TheseAreTheLegalTransitionsAndNoOthers) {
  using enum GStatus;
  const std::set<std::pair<GStatus, GStatus>> legal = {
      {kIdle, kRunnable},  // started
      {kIdle, kDead},      // carved, straight to a free list
      {kDead, kRunnable},  // started again
      {kDead, kDead},      // from one free list to another
      {kRunnable, kRunning},  {kRunning, kRunnable},  // scheduled, yielded
      {kRunning, kWaiting},   {kWaiting, kRunnable},  // parked, readied
      {kRunning, kSyscall},   {kSyscall, kRunning},   // blocking call
      {kSyscall, kRunnable},                          // came back without a P
      {kRunning, kDetached},                          // preempted, runs on
      {kDetached, kRunning},                          // has a P again
      {kDetached, kRunnable},                         // waits for one
      {kRunning, kDead},
  };
  for (GStatus from : kAll) {
    for (GStatus to : kAll) {
      EXPECT_EQ(LegalTransition(from, to), legal.count({from, to}) == 1)
          << GStatusText(from) << " to " << GStatusText(to);
    }
  }
}

TEST(GStatus, HasGosNumbersAndWords) {
  EXPECT_EQ(static_cast<int>(GStatus::kWaiting), 4);
  EXPECT_EQ(static_cast<int>(GStatus::kDead), 6);
  EXPECT_STREQ(GStatusText(GStatus::kSyscall), "syscall");
  EXPECT_STREQ(GStatusText(GStatus::kWaiting), "waiting");
}

TEST(WaitReason, HasGosWords) {
  EXPECT_STREQ(WaitReasonText(WaitReason::kChanReceive), "chan receive");
  EXPECT_STREQ(WaitReasonText(WaitReason::kChanSendNil),
               "chan send (nil chan)");
  EXPECT_STREQ(WaitReasonText(WaitReason::kSelectNoCases), "select (no cases)");
  EXPECT_STREQ(WaitReasonText(WaitReason::kSleep), "sleep");
  EXPECT_STREQ(WaitReasonText(WaitReason::kSemacquire), "semacquire");
  EXPECT_STREQ(WaitReasonText(WaitReason::kWaitGroupWait),
               "sync.WaitGroup.Wait");
}

}  // namespace
}  // namespace mn
