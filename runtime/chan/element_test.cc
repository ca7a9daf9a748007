// What passes through a channel: every element is constructed, moved and
// destroyed exactly as often as it should be.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "runtime/mn.h"

namespace mn {
namespace {

struct Counted {
  static inline std::atomic<int> alive{0};
  static inline std::atomic<int> copies{0};
  explicit Counted(int value = 0) : v(value) { alive++; }
  Counted(const Counted& o) : v(o.v) {
    alive++;
    copies++;
  }
  Counted(Counted&& o) noexcept : v(o.v) {
    o.v = -1;
    alive++;
  }
  Counted& operator=(const Counted& o) {
    v = o.v;
    copies++;
    return *this;
  }
  Counted& operator=(Counted&& o) noexcept {
    v = o.v;
    o.v = -1;
    return *this;
  }
  ~Counted() { alive--; }
  int v;
};

class ElementTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Counted::alive = 0;
    Counted::copies = 0;
  }
  void TearDown() override {
    // A goroutine's own copies are gone a moment after it is done.
    while (NumGoroutine() != 1) Gosched();
    EXPECT_EQ(Counted::alive.load(), 0);
    EXPECT_EQ(Counted::copies.load(), 0);
  }
};

TEST_F(ElementTest, DestroyedOnceThroughABuffer) {
  Chan<Counted> ch(4);
  for (int i = 0; i < 4; i++) ch.Send(Counted(i));
  EXPECT_EQ(Counted::alive.load(), 4);
  for (int i = 0; i < 4; i++) EXPECT_EQ(ch.Recv().v, i);
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST_F(ElementTest, DestroyedOnceOnARendezvous) {
  Chan<Counted> ch(0);
  Go([ch]() mutable {
    for (int i = 0; i < 100; i++) ch.Send(Counted(i));
    ch.Close();
  });
  int want = 0;
  for (Counted& c : ch) EXPECT_EQ(c.v, want++);
  EXPECT_EQ(want, 100);
}

TEST_F(ElementTest, DestroyedOnceThroughAFullBufferWithWaitingSenders) {
  Chan<Counted> ch(2);
  for (int g = 0; g < 4; g++) {
    Go([ch]() mutable {
      for (int i = 0; i < 50; i++) ch.Send(Counted(i));
    });
  }
  for (int i = 0; i < 200; i++) ch.Recv();
}

TEST_F(ElementTest, WhatIsLeftInTheBufferIsDestroyedWithTheLastHandle) {
  {
    Chan<Counted> ch(8);
    for (int i = 0; i < 5; i++) ch.Send(Counted(i));
    ch.Recv();
    Chan<Counted> copy = ch;
    ch = Chan<Counted>();
    EXPECT_EQ(Counted::alive.load(), 4);
  }
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST_F(ElementTest, WhatIsLeftAcrossTheBuffersEndIsDestroyed) {
  Chan<Counted> ch(4);
  for (int i = 0; i < 4; i++) ch.Send(Counted(i));
  for (int i = 0; i < 3; i++) ch.Recv();
  for (int i = 0; i < 2; i++) ch.Send(Counted(i));
  EXPECT_EQ(Counted::alive.load(), 3);
}

TEST_F(ElementTest, ASendThatPanicsDestroysItsValue) {
  Chan<Counted> ch(1);
  ch.Close();
  EXPECT_THROW(ch.Send(Counted(1)), Panic);
  EXPECT_EQ(Counted::alive.load(), 0);
}

TEST_F(ElementTest, AWaitingSendThatPanicsDestroysItsValue) {
  Chan<Counted> ch(0);
  WaitGroup wg;
  for (int i = 0; i < 5; i++) {
    wg.Go([ch, i]() mutable { EXPECT_THROW(ch.Send(Counted(i)), Panic); });
  }
  for (int i = 0; i < 100; i++) Gosched();
  ch.Close();
  wg.Wait();
}

TEST_F(ElementTest, TrySendTakesTheValueOnlyIfItSends) {
  Chan<Counted> ch(1);
  Counted c(5);
  EXPECT_EQ(ch.TrySend(std::move(c)), TryResult::kOk);
  EXPECT_EQ(c.v, -1);  // NOLINT: moved from
  Counted d(6);
  EXPECT_EQ(ch.TrySend(std::move(d)), TryResult::kWouldBlock);
  EXPECT_EQ(d.v, 6);  // NOLINT: not moved from
}

TEST_F(ElementTest, TryRecvAssignsOnlyIfItReceives) {
  Chan<Counted> ch(1);
  Counted c(5);
  EXPECT_EQ(ch.TryRecv(c), TryResult::kWouldBlock);
  EXPECT_EQ(c.v, 5);
  ch.Send(Counted(6));
  EXPECT_EQ(ch.TryRecv(c), TryResult::kOk);
  EXPECT_EQ(c.v, 6);
}

TEST_F(ElementTest, AReceiverThatGoexitsLaterDestroysWhatItGot) {
  Chan<Counted> ch(0);
  Go([ch]() mutable {
    Counted c = ch.Recv();
    if (c.v == 1) Goexit();
  });
  ch.Send(Counted(1));
}

TEST(Element, MayBeMoveOnly) {
  Chan<std::unique_ptr<int>> ch(0);
  Go([ch]() mutable { ch.Send(std::make_unique<int>(3)); });
  EXPECT_EQ(*ch.Recv(), 3);
  EXPECT_EQ(ch.TrySend(std::make_unique<int>(4)), TryResult::kWouldBlock);
}

TEST(Element, MayHaveNoDefaultConstructor) {
  struct NoDefault {
    explicit NoDefault(int value) : v(value) {}
    int v;
  };
  Chan<NoDefault> ch(1);
  ch.Send(NoDefault(4));
  ch.Close();
  EXPECT_EQ(ch.Next()->v, 4);
  EXPECT_FALSE(ch.Next().has_value());
}

template <std::size_t kAlign>
struct alignas(kAlign) Aligned {
  bool Good() const {
    return reinterpret_cast<std::uintptr_t>(this) % kAlign == 0;
  }
  // Not trivially copyable: the channel calls the move constructor, which sees
  // the addresses.
  explicit Aligned(int value = 0) : v(value) {}
  Aligned(Aligned&& o) noexcept : v(o.v), good(o.good && o.Good() && Good()) {}
  Aligned& operator=(Aligned&&) = delete;
  ~Aligned() { v = -1; }
  int v;
  bool good = true;
};

template <class T>
void CheckAlignment() {
  for (int capacity : {0, 1, 3}) {
    Chan<T> ch(capacity);
    Go([ch]() mutable {
      for (int i = 0; i < 10; i++) ch.Send(T(i));
    });
    for (int i = 0; i < 10; i++) {
      const T v = *ch.Next();
      EXPECT_TRUE(v.good) << "capacity " << capacity;
      EXPECT_EQ(v.v, i);
    }
  }
}

TEST(Element, AlignedTo64) { CheckAlignment<Aligned<64>>(); }
TEST(Element, AlignedTo4096) { CheckAlignment<Aligned<4096>>(); }

TEST(Element, OfEverySmallSize) {
  // Trivially copyable: copied by size, with a short cut for 8 bytes.
  const auto check = []<std::size_t kSize>(std::array<char, kSize> v) {
    for (std::size_t i = 0; i < kSize; i++) v[i] = static_cast<char>(i + 1);
    for (int capacity : {0, 2}) {
      Chan<std::array<char, kSize>> ch(capacity);
      Go([ch, v]() mutable {
        for (int i = 0; i < 3; i++) ch.Send(v);
      });
      for (int i = 0; i < 3; i++) EXPECT_EQ(ch.Recv(), v);
    }
  };
  check(std::array<char, 1>());
  check(std::array<char, 2>());
  check(std::array<char, 3>());
  check(std::array<char, 4>());
  check(std::array<char, 7>());
  check(std::array<char, 8>());
  check(std::array<char, 9>());
  check(std::array<char, 16>());
  check(std::array<char, 1000>());
}

TEST(Element, Empty) {
  struct Empty {};
  Chan<Empty> ch(2);
  ch.Send({});
  ch.Send({});
  EXPECT_EQ(ch.TrySend(Empty{}), TryResult::kWouldBlock);
  ch.Recv();
  EXPECT_EQ(ch.Len(), 1u);
}

TEST(Element, ThatOwnsMemory) {
  Chan<std::string> ch(1);
  const std::string text(1000, 'q');
  Go([ch, text]() mutable {
    for (int i = 0; i < 10; i++) ch.Send(text);
    ch.Close();
  });
  int n = 0;
  for (std::string& s : ch) {
    EXPECT_EQ(s, text);
    n++;
  }
  EXPECT_EQ(n, 10);
}

// The channel lives as long as its last handle, and not longer (LSan).
TEST(Element, AChannelThatHoldsChannels) {
  auto inner = std::make_shared<int>(0);
  {
    Chan<Chan<std::shared_ptr<int>>> outer(2);
    Chan<std::shared_ptr<int>> ch(1);
    ch.Send(inner);
    outer.Send(ch);
    EXPECT_EQ(inner.use_count(), 2);
  }
  EXPECT_EQ(inner.use_count(), 1);
}

}  // namespace
}  // namespace mn
