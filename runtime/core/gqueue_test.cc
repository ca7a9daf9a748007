// GQueue against std::deque: every operation, across many chunks.
#include "runtime/core/gqueue.h"

#include <gtest/gtest.h>

#include <deque>

#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

// The queue never looks at a G.
G* Fake(std::uintptr_t n) { return reinterpret_cast<G*>(n); }

TEST(GQueue, IsFirstInFirstOutOverManyChunks) {
  GQueue q;
  for (std::uintptr_t i = 1; i <= 5000; i++) q.PushBack(Fake(i));
  EXPECT_EQ(q.Size(), 5000u);
  for (std::uintptr_t i = 1; i <= 5000; i++) ASSERT_EQ(q.Pop(), Fake(i));
  EXPECT_EQ(q.Pop(), nullptr);
}

TEST(GQueue, PushFrontIsNextOut) {
  GQueue q;
  q.PushBack(Fake(2));
  q.PushFront(Fake(1));
  EXPECT_EQ(q.Pop(), Fake(1));
  EXPECT_EQ(q.Pop(), Fake(2));
  EXPECT_TRUE(q.Empty());
}

TEST(GQueue, DoesWhatADequeDoes) {
  test::Rng rng = test::MakeRng();
  GQueue q;
  std::deque<G*> model;
  for (std::uintptr_t i = 1; i <= 200'000; i++) {
    // Phases that fill and phases that drain.
    const bool fill = (i / 3000) % 2 == 0;
    switch (rng() % 4) {
      case 0:
        q.PushFront(Fake(i));
        model.push_front(Fake(i));
        break;
      case 1:
        q.PushBack(Fake(i));
        model.push_back(Fake(i));
        break;
      default:
        if (fill) {
          q.PushBack(Fake(i));
          model.push_back(Fake(i));
          break;
        }
        G* want = model.empty() ? nullptr : model.front();
        if (!model.empty()) model.pop_front();
        ASSERT_EQ(q.Pop(), want);
    }
    ASSERT_EQ(q.Size(), model.size());
    ASSERT_EQ(q.Empty(), model.empty());
  }
}

}  // namespace
}  // namespace mn
