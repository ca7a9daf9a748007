// Goexit: it ends the goroutine as if every function returned.
#include <gtest/gtest.h>

#include <atomic>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "runtime/mn.h"
#include "runtime/testing/program.h"
#include "runtime/testing/stress/stress.h"

namespace mn {
namespace {

using test::Died;
using test::RunProgram;

// Appends its number when it is destroyed.
class Trace {
 public:
  Trace(std::vector<int>* log, int number) : log_(log), number_(number) {}
  ~Trace() { log_->push_back(number_); }
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

 private:
  std::vector<int>* log_;
  int number_;
};

// Runs f in a goroutine until it is gone, however it ends.
template <class F>
void RunToItsEnd(F f) {
  Chan<int> done(0);
  Go([done, f]() mutable {
    struct Close {
      Chan<int> done;
      ~Close() { done.Close(); }
    } close{done};
    f();
  });
  done.Next();
}

TEST(Goexit, DoesNotReturn) {
  bool returned = false;
  RunToItsEnd([&] {
    Goexit();
    returned = true;
  });
  EXPECT_FALSE(returned);
}

TEST(Goexit, RunsDestructorsInnermostFirst) {
  std::vector<int> log;
  RunToItsEnd([&] {
    Trace a(&log, 1);
    Trace b(&log, 2);
    Goexit();
  });
  EXPECT_EQ(log, (std::vector<int>{2, 1}));
}

// Called through a pointer: the compiler sees that Nest never returns, and
// would warn.
void (*volatile end)() = +[] { Goexit(); };

__attribute__((noinline)) void Nest(std::vector<int>* log, int depth) {
  Trace t(log, depth);
  if (depth < 20) {
    Nest(log, depth + 1);
  } else {
    end();
  }
  log->push_back(-1);  // not reached
}

TEST(Goexit, RunsDestructorsInNestedFrames) {
  std::vector<int> log;
  RunToItsEnd([&] { Nest(&log, 1); });
  std::vector<int> want;
  for (int i = 20; i >= 1; i--) want.push_back(i);
  EXPECT_EQ(log, want);
}

TEST(Goexit, DestroysTheCallable) {
  auto p = std::make_shared<int>(1);
  RunToItsEnd([p] { Goexit(); });
  // The channel is closed by the callable's frame; its captures follow.
  while (p.use_count() != 1) Gosched();
}

TEST(Goexit, InsideACatchBlockFreesTheException) {
  struct Counts {
    explicit Counts(int* alive) : alive_(alive) { ++*alive_; }
    Counts(const Counts& o) : alive_(o.alive_) { ++*alive_; }
    ~Counts() { --*alive_; }
    int* alive_;
  };
  int alive = 0;
  std::vector<int> log;
  RunToItsEnd([&] {
    Trace outer(&log, 1);
    try {
      throw Counts(&alive);
    } catch (const Counts&) {
      Trace inner(&log, 2);
      Goexit();
    }
  });
  EXPECT_EQ(log, (std::vector<int>{2, 1}));
  EXPECT_EQ(alive, 0);
}

TEST(Goexit, IsSeenByNoHandlerForATypedException) {
  bool caught = false;
  RunToItsEnd([&] {
    try {
      Goexit();
    } catch (const std::exception&) {
      caught = true;
    } catch (int) {
      caught = true;
    }
  });
  EXPECT_FALSE(caught);
}

TEST(Goexit, PassesACatchAllThatRethrows) {
  std::vector<int> log;
  RunToItsEnd([&] {
    Trace outer(&log, 2);
    try {
      Goexit();
    } catch (...) {
      log.push_back(1);
      throw;
    }
  });
  EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

MN_PROGRAM(SwallowsGoexit) {
  Chan<int> never(0);
  Go([] {
    try {
      Goexit();
    } catch (...) {
    }
  });
  never.Recv();
  return 0;
}

TEST(Goexit, ACatchAllThatSwallowsItIsFatal) {
  EXPECT_TRUE(
      Died(RunProgram("SwallowsGoexit"),
           "runtime: a catch (...) must rethrow while mn::Goexit unwinds\n"
           "fatal error: Goexit was swallowed"));
}

TEST(Goexit, DestructorsMayPark) {
  Chan<int> ch(0);
  std::vector<int> got;
  Go([ch]() mutable {
    struct Sends {
      Chan<int> ch;
      ~Sends() {
        Sleep(std::chrono::milliseconds(1));
        ch.Send(7);
      }
    } sends{ch};
    Goexit();
  });
  EXPECT_EQ(ch.Recv(), 7);
}

TEST(Goexit, DestructorsMayThrowAndCatch) {
  int caught = 0;
  RunToItsEnd([&] {
    struct Throws {
      int* caught;
      ~Throws() {
        try {
          throw std::runtime_error("inside a destructor");
        } catch (const std::runtime_error&) {
          ++*caught;
        }
      }
    };
    Throws a{&caught};
    Throws b{&caught};
    Goexit();
  });
  EXPECT_EQ(caught, 2);
}

MN_PROGRAM(ADestructorThrowsDuringGoexit) {
  struct Throws {
    ~Throws() noexcept(false) { throw Panic("hello"); }
  };
  Go([] {
    Throws throws;
    Goexit();
  });
  Chan<int>().Recv();
  return 0;
}

// Go's panic after Goexit. C++ ends the program when an exception leaves a
// destructor that unwinding runs.
TEST(Goexit, AnExceptionThatLeavesADestructorIsAPanic) {
  EXPECT_TRUE(
      Died(RunProgram("ADestructorThrowsDuringGoexit"), "panic: hello"));
}

MN_PROGRAM(GoexitsWhileAnExceptionUnwinds) {
  struct Goexits {
    ~Goexits() noexcept(false) { end(); }
  };
  Go([] {
    try {
      Goexits goexits;
      throw Panic("hello");
    } catch (const Panic&) {
    }
  });
  Chan<int>().Recv();
  return 0;
}

// In Go it cancels the panic; C++ has one unwinding at a time in a frame.
TEST(Goexit, WhileAnExceptionUnwindsEndsTheProgram) {
  EXPECT_TRUE(Died(RunProgram("GoexitsWhileAnExceptionUnwinds"),
                   "fatal error: std::terminate called without an active "
                   "exception"));
}

TEST(Goexit, IsCountedAsAnEnd) {
  while (NumGoroutine() != 1) Gosched();
  for (int i = 0; i < 10; i++) Go([] { Goexit(); });
  while (NumGoroutine() != 1) Gosched();
}

TEST(Goexit, TenThousandTimes) {
  const int n = MN_TSAN ? 1000 : 10'000;
  std::atomic<int> destroyed{0};
  struct Counts {
    std::atomic<int>* n;
    ~Counts() { n->fetch_add(1); }
  };
  for (int i = 0; i < n; i += 500) {
    WaitGroup wg;
    for (int k = 0; k < 500; k++) {
      wg.Go([&] {
        Counts counts{&destroyed};
        std::string on_the_heap(100, 'x');
        if (on_the_heap[50] == 'x') Goexit();
      });
    }
    wg.Wait();  // WaitGroup::Go counts a Goexit as done, as Go's does
  }
  EXPECT_EQ(destroyed.load(), n);
}

MN_PROGRAM(MainGoexitsOthersEnd) {
  Go([] { Sleep(std::chrono::milliseconds(20)); });
  Goexit();
}

TEST(Goexit, OfMainWithNobodyLeftIsReported) {
  EXPECT_TRUE(Died(RunProgram("MainGoexitsOthersEnd"),
                   "fatal error: no goroutines (main called runtime.Goexit) - "
                   "deadlock!"));
}

MN_PROGRAM(MainGoexitsOthersWait) {
  Go([] { Chan<int>().Recv(); });
  Goexit();
}

TEST(Goexit, OfMainWithOthersWaitingIsADeadlock) {
  EXPECT_TRUE(Died(RunProgram("MainGoexitsOthersWait"),
                   "fatal error: all goroutines are asleep - deadlock!"));
}

MN_PROGRAM(MainGoexitsAnotherExits) {
  Go([] {
    Sleep(std::chrono::milliseconds(20));
    std::exit(9);
  });
  Goexit();
}

TEST(Goexit, OfMainLetsTheOthersGoOn) {
  EXPECT_TRUE(test::Exited(RunProgram("MainGoexitsAnotherExits"), 9));
}

MN_BARE_PROGRAM(GoexitsOutside) { Goexit(); }

TEST(Goexit, OutsideAGoroutineSaysSo) {
  EXPECT_TRUE(Died(RunProgram("GoexitsOutside"),
                   "runtime: mn::Goexit was called outside a goroutine"));
}

}  // namespace
}  // namespace mn
