// Channels: the table of what every operation does in every state.
#include "runtime/chan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/park_calls.h"
#include "runtime/testing/program.h"

namespace mn {
namespace {

using test::AwaitParked;
using test::Died;
using test::ProcessResult;
using test::RunProgram;

// Runs f and returns the text of the panic that it throws.
template <class F>
std::string PanicOf(F f) {
  try {
    f();
  } catch (const Panic& p) {
    return p.what();
  }
  return "no panic";
}

// ---- nil ----------------------------------------------------------------

TEST(NilChan, HasNoLengthAndIsFalse) {
  Chan<int> ch;
  EXPECT_EQ(ch.Len(), 0u);
  EXPECT_EQ(ch.Cap(), 0u);
  EXPECT_FALSE(static_cast<bool>(ch));
  EXPECT_EQ(ch, Chan<int>());
}

TEST(NilChan, TriesWouldBlock) {
  Chan<int> ch;
  int v = 5;
  EXPECT_EQ(ch.TrySend(1), TryResult::kWouldBlock);
  EXPECT_EQ(ch.TryRecv(v), TryResult::kWouldBlock);
  EXPECT_EQ(v, 5);
}

TEST(NilChan, ClosePanics) {
  EXPECT_EQ(PanicOf([] { Chan<int>().Close(); }), "close of nil channel");
}

MN_PROGRAM(SendsToNil) {
  Chan<int>().Send(1);
  return 0;
}
MN_PROGRAM(ReceivesFromNil) { return Chan<int>().Recv(); }

TEST(NilChan, SendAndReceiveParkForEver) {
  EXPECT_TRUE(Died(RunProgram("SendsToNil"),
                   "fatal error: all goroutines are asleep - deadlock!\n\n"
                   "goroutine 1 [chan send (nil chan)]:"));
  EXPECT_TRUE(Died(RunProgram("ReceivesFromNil"),
                   "fatal error: all goroutines are asleep - deadlock!\n\n"
                   "goroutine 1 [chan receive (nil chan)]:"));
}

// ---- closed -------------------------------------------------------------

TEST(ClosedChan, ReceivesTheBufferThenZeroValues) {
  Chan<int> ch(3);
  ch.Send(1);
  ch.Send(2);
  ch.Close();
  EXPECT_EQ(ch.Len(), 2u);
  EXPECT_EQ(ch.Recv(), 1);
  EXPECT_EQ(ch.Next(), std::optional<int>(2));
  EXPECT_EQ(ch.Next(), std::nullopt);
  EXPECT_EQ(ch.Recv(), 0);
}

TEST(ClosedChan, TryRecvDrainsThenSaysClosed) {
  Chan<int> ch(1);
  ch.Send(4);
  ch.Close();
  int v = 0;
  EXPECT_EQ(ch.TryRecv(v), TryResult::kOk);
  EXPECT_EQ(v, 4);
  EXPECT_EQ(ch.TryRecv(v), TryResult::kClosed);
  EXPECT_EQ(v, 4);
}

TEST(ClosedChan, SendsPanicAndReleaseTheLock) {
  Chan<int> ch(1);
  ch.Close();
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(PanicOf([&] { ch.Send(1); }), "send on closed channel");
    EXPECT_EQ(PanicOf([&] { ch.TrySend(1); }), "send on closed channel");
  }
}

TEST(ClosedChan, ASecondClosePanics) {
  Chan<int> ch(1);
  ch.Close();
  for (int i = 0; i < 2; i++) {
    EXPECT_EQ(PanicOf([&] { ch.Close(); }), "close of closed channel");
  }
}

TEST(ClosedChan, Chn4_CloseWakesEveryReceiver) {
  constexpr int kReceivers = 20;
  Chan<int> ch(0);
  Chan<bool> got(0);
  for (int i = 0; i < kReceivers; i++) {
    Go([&, ch, got]() mutable { got.Send(ch.Next().has_value()); });
  }
  AwaitParked(kReceivers, WaitReason::kChanReceive);
  ch.Close();
  for (int i = 0; i < kReceivers; i++) EXPECT_FALSE(got.Recv());
}

TEST(ClosedChan, Chn4_ClosePanicsEveryWaitingSender) {
  constexpr int kSenders = 20;
  Chan<int> ch(1);
  ch.Send(1000);
  Chan<std::string> got(0);
  for (int i = 0; i < kSenders; i++) {
    Go([&, ch, got, i]() mutable { got.Send(PanicOf([&] { ch.Send(i); })); });
  }
  AwaitParked(kSenders, WaitReason::kChanSend);
  ch.Close();
  for (int i = 0; i < kSenders; i++) {
    EXPECT_EQ(got.Recv(), "send on closed channel");
  }
  // What had been taken before is still there.
  EXPECT_EQ(ch.Next(), std::optional<int>(1000));
  EXPECT_EQ(ch.Next(), std::nullopt);
}

// ---- unbuffered ----------------------------------------------------------

TEST(UnbufferedChan, TriesNeedSomebodyOnTheOtherSide) {
  Chan<int> ch(0);
  int v = 5;
  EXPECT_EQ(ch.TrySend(1), TryResult::kWouldBlock);
  EXPECT_EQ(ch.TryRecv(v), TryResult::kWouldBlock);
  EXPECT_EQ(v, 5);
  EXPECT_EQ(ch.Len(), 0u);
  EXPECT_EQ(ch.Cap(), 0u);
}

TEST(UnbufferedChan, Chn2_TrySendMeetsAWaitingReceiver) {
  Chan<int> ch(0);
  Chan<int> got(1);
  Go([ch, got]() mutable { got.Send(ch.Recv()); });
  while (ch.TrySend(6) != TryResult::kOk) Gosched();
  EXPECT_EQ(got.Recv(), 6);
}

TEST(UnbufferedChan, Chn2_TryRecvMeetsAWaitingSender) {
  Chan<int> ch(0);
  Go([ch]() mutable { ch.Send(7); });
  int v = 0;
  while (ch.TryRecv(v) != TryResult::kOk) Gosched();
  EXPECT_EQ(v, 7);
}

TEST(UnbufferedChan, Chn3_SendReturnsOnlyAfterSomebodyReceived) {
  Chan<int> ch(0);
  std::atomic<bool> sent{false};
  Go([&, ch]() mutable {
    ch.Send(1);
    sent.store(true);
  });
  AwaitParked(1, WaitReason::kChanSend);
  EXPECT_FALSE(sent.load());
  ch.Recv();
  while (!sent.load()) Gosched();
}

TEST(UnbufferedChan, WaitingSendersAreServedInOrder) {
  constexpr int kSenders = 10;
  Chan<int> ch(0);
  for (int i = 0; i < kSenders; i++) {
    Go([&, ch, i]() mutable { ch.Send(i); });
    AwaitParked(i + 1, WaitReason::kChanSend);
  }
  for (int i = 0; i < kSenders; i++) EXPECT_EQ(ch.Recv(), i);
}

TEST(UnbufferedChan, WaitingReceiversAreServedInOrder) {
  constexpr int kReceivers = 10;
  Chan<int> ch(0);
  std::vector<int> got(kReceivers);
  WaitGroup wg;
  for (int i = 0; i < kReceivers; i++) {
    wg.Go(
        [&, ch, i]() mutable { got[static_cast<std::size_t>(i)] = ch.Recv(); });
    AwaitParked(i + 1, WaitReason::kChanReceive);
  }
  for (int i = 0; i < kReceivers; i++) ch.Send(i);
  wg.Wait();
  for (int i = 0; i < kReceivers; i++) {
    EXPECT_EQ(got[static_cast<std::size_t>(i)], i);
  }
}

// ---- buffered -----------------------------------------------------------

TEST(BufferedChan, Chn1_HoldsItsCapacity) {
  Chan<int> ch(3);
  EXPECT_EQ(ch.Cap(), 3u);
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ(ch.Len(), static_cast<std::size_t>(i));
    EXPECT_EQ(ch.TrySend(i), TryResult::kOk);
  }
  EXPECT_EQ(ch.Len(), 3u);
  EXPECT_EQ(ch.TrySend(9), TryResult::kWouldBlock);
  for (int i = 0; i < 3; i++) EXPECT_EQ(ch.Recv(), i);
  int v = 0;
  EXPECT_EQ(ch.TryRecv(v), TryResult::kWouldBlock);
}

TEST(BufferedChan, IsFifoRoundAndRound) {
  Chan<int> ch(3);
  int sent = 0;
  int received = 0;
  for (int round = 0; round < 100; round++) {
    while (ch.TrySend(sent) == TryResult::kOk) sent++;
    for (int n = round % 3 + 1; n > 0; n--) ASSERT_EQ(ch.Recv(), received++);
  }
}

TEST(BufferedChan, Chn2_IsFifoOverBufferAndWaitingSenders) {
  Chan<int> ch(2);
  ch.Send(0);
  ch.Send(1);
  for (int i = 2; i < 6; i++) {
    Go([&, ch, i]() mutable { ch.Send(i); });
    AwaitParked(i - 1, WaitReason::kChanSend);
  }
  for (int i = 0; i < 6; i++) EXPECT_EQ(ch.Recv(), i);
}

// The slot that the waiting sender's value took is not the next one to fill.
TEST(BufferedChan, Chn2_IsFifoForSendsAfterAWaitingSenderWasServed) {
  Chan<int> ch(3);
  for (int i = 0; i < 3; i++) ch.Send(i);
  Go([&, ch]() mutable { ch.Send(3); });
  AwaitParked(1, WaitReason::kChanSend);
  EXPECT_EQ(ch.Recv(), 0);
  EXPECT_EQ(ch.Len(), 3u);  // the precondition: it had been waiting
  EXPECT_EQ(ch.Recv(), 1);
  ch.Send(4);
  for (int i = 2; i <= 4; i++) EXPECT_EQ(ch.Recv(), i);
}

TEST(BufferedChan, Chn2_ASendGoesStraightToAWaitingReceiver) {
  Chan<int> ch(2);
  Chan<int> got(1);
  Go([&, ch, got]() mutable { got.Send(ch.Recv()); });
  AwaitParked(1, WaitReason::kChanReceive);
  ch.Send(8);
  EXPECT_EQ(ch.Len(), 0u);
  EXPECT_EQ(got.Recv(), 8);
}

// ---- make ---------------------------------------------------------------

TEST(MakeChan, AnImpossibleCapacityPanics) {
  EXPECT_EQ(PanicOf([] { Chan<int> ch(-1); }), "makechan: size out of range");
  EXPECT_EQ(
      PanicOf([] { Chan<int> ch(std::numeric_limits<std::ptrdiff_t>::max()); }),
      "makechan: size out of range");
}

// ---- range, handles -----------------------------------------------------

TEST(Chan, RangeForEndsWhenClosedAndDrained) {
  Chan<int> ch(2);
  Go([ch]() mutable {
    for (int i = 0; i < 5; i++) ch.Send(i);
    ch.Close();
  });
  std::vector<int> got;
  for (int v : ch) got.push_back(v);
  EXPECT_THAT(got, ::testing::ElementsAre(0, 1, 2, 3, 4));
}

TEST(Chan, RangeForOverAClosedChannelRunsNotOnce) {
  Chan<int> ch(0);
  ch.Close();
  for (int v : ch) FAIL() << v;
}

TEST(Chan, CopiesAreTheSameChannel) {
  Chan<int> a(1);
  Chan<int> b = a;
  EXPECT_EQ(a, b);
  EXPECT_FALSE(a == Chan<int>(1));
  a.Send(1);
  EXPECT_EQ(b.Recv(), 1);
  Chan<int> c = std::move(a);
  EXPECT_EQ(c, b);
  EXPECT_FALSE(static_cast<bool>(a));  // NOLINT: moved-from is nil
}

TEST(Chan, AChannelOfChannels) {
  Chan<Chan<int>> requests(0);
  Go([requests]() mutable { requests.Recv().Send(11); });
  Chan<int> answer(0);
  requests.Send(answer);
  EXPECT_EQ(answer.Recv(), 11);
}

TEST(Chan, WhatWasSentIsVisibleToTheReceiver) {
  // TSan checks it: a plain variable, ordered by the channel alone.
  int plain = 0;
  Chan<int> ch(0);
  Go([&, ch]() mutable {
    plain = 1;
    ch.Send(0);
  });
  ch.Recv();
  EXPECT_EQ(plain, 1);
}

TEST(Chan, AReceiveIsVisibleToTheSenderOfTheNext) {
  // A channel of capacity 1 as a lock: the k-th receive comes before the
  // (k+1)-th send returns.
  int plain = 0;
  Chan<int> lock(1);
  WaitGroup wg;
  for (int i = 0; i < 4; i++) {
    wg.Go([&, lock]() mutable {
      for (int k = 0; k < 100; k++) {
        lock.Send(0);
        plain++;
        lock.Recv();
      }
    });
  }
  wg.Wait();
  EXPECT_EQ(plain, 400);
}

TEST(Chan, CloseIsVisibleToWhoeverSeesIt) {
  int plain = 0;
  Chan<int> ch(0);
  Go([&, ch]() mutable {
    plain = 1;
    ch.Close();
  });
  ch.Next();
  EXPECT_EQ(plain, 1);
}

MN_BARE_PROGRAM(SendsOutside) {
  Chan<int> ch(1);
  ch.Send(1);
  return 0;
}

TEST(Chan, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(Died(RunProgram("SendsOutside"),
                   "runtime: Chan::Send was called outside a goroutine"));
}

}  // namespace
}  // namespace mn
