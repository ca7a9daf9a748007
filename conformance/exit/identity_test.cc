// Goroutines have numbers that nobody can use but everybody can read: in
// reports.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "conformance/claim.h"
#include "conformance/support.h"
#include "runtime/mn.h"

namespace mn::conformance {
namespace {

// The numbers in the deadlock report of a program that ends with one.
std::multiset<long long> NumbersInReport(const ProcessResult& r) {
  EXPECT_TRUE(Died(r, "fatal error: all goroutines are asleep - deadlock!"));
  std::multiset<long long> ids;
  for (const DumpEntry& e : Dump(r.err)) ids.insert(e.id);
  EXPECT_EQ(ids.count(1), 1u) << "goroutine 1 is main; " << r.Describe();
  return ids;
}

// Starts `ended` goroutines and waits for their end, then `left` that wait for
// ever.
void ComeAndGo(int ended, int left) {
  static Chan<int> ch(0);
  WaitGroup all;
  all.Add(ended);
  for (int i = 0; i < ended; i++) {
    Go([&all] { all.Done(); });
  }
  all.Wait();
  for (int i = 0; i < left; i++) {
    Go([] { ch.Recv(); });
  }
}

constexpr int kEnded = 1000;
constexpr int kLeft = 50;

MN_PROGRAM(ManyHaveEnded) {
  ComeAndGo(kEnded, kLeft);
  Chan<int>(0).Recv();
  return 0;
}

CLAIM(Identity, NumberOfAnEndedGoroutineIsNeverUsedAgain,
      {.id = "identity.never_again",
       .section = 10,
       .source = "pools recycle G structs, so a goid is not stable; Go never "
                 "uses one again",
       .says = "The number of a goroutine that has ended is never given to "
               "another."}) {
  // On one P numbers are handed out in order, so those that ended had 2..1001.
  const auto ids = NumbersInReport(RunProgram("ManyHaveEnded", OnProcs(1)));
  ASSERT_EQ(ids.size(), kLeft + 1u);
  const long long least = *ids.upper_bound(1);
  EXPECT_GT(least, kEnded + 1);
  Measured(std::to_string(kEnded) + " ended; the " + std::to_string(kLeft) +
           " after them are " + std::to_string(least) + " to " +
           std::to_string(*ids.rbegin()));
}

constexpr int kCreators = 8;

// Eight goroutines on four Ps start others at the same time.
MN_PROGRAM(ManyCreators) {
  for (int i = 0; i < kCreators; i++) {
    Go([] {
      for (int round = 0; round < 5; round++) ComeAndGo(20, 10);
      Chan<int>(0).Recv();
    });
  }
  Chan<int>(0).Recv();
  return 0;
}

CLAIM(Identity, NumbersAreUnique,
      {.id = "identity.unique",
       .section = 10,
       .source = "goroutines are not addressable, and reports number them",
       .says = "Goroutines that are started on several Ps at once have "
               "different numbers in reports, and main is 1."}) {
  const auto ids = NumbersInReport(RunProgram("ManyCreators", OnProcs(4)));
  const std::set<long long> different(ids.begin(), ids.end());
  EXPECT_EQ(different.size(), 1u + kCreators + kCreators * 5 * 10);
  EXPECT_EQ(ids.size(), different.size()) << "two have the same number";
  Measured(std::to_string(different.size()) + " of " +
           std::to_string(ids.size()) + " different, main is 1");
}

}  // namespace
}  // namespace mn::conformance
