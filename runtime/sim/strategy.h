// Strategies: who decides at every point of choice of an execution.
//
// A choice is: which thread makes the next step or whose oldest buffered store
// reaches memory; whether a store stays in its buffer; whether a futex wait
// returns early. Option 0 is always the dull one (go on with the same thread,
// no delay), so that a schedule is the short list of its interesting choices.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace mn::sim {

enum class PointKind : std::uint8_t {
  kThread,       // before a step of the current thread, or it cannot go on
  kAfterSwitch,  // what of the others' buffers reaches memory first?
  kDelay,        // does this store stay in the buffer?
  kEarlyReturn,  // does this futex wait return early?
  kValue,        // Choose(n) of a model
};

struct Option {
  enum Kind : std::uint8_t { kRun, kFlush, kValue };
  Kind kind;
  std::uint8_t arg;         // the thread
  std::uint8_t preemption;  // costs: 0 or 1
  std::uint8_t delay;
};

inline constexpr int kMaxOptions = 24;

struct Point {
  PointKind kind;
  std::uint32_t at;  // the number of the choice in this execution
  // Identifies all that the rest of the execution depends on, but for costs
  // already paid.
  std::uint64_t state;
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  // A new execution starts.
  virtual void Begin() {}
  // n >= 2. Returns the option, or kPrune: this execution leads nowhere new.
  static constexpr int kPrune = -1;
  virtual int Pick(const Point& point, const Option* options, int n) = 0;
  // True: look at every step, also those that no other thread can notice.
  virtual bool EveryStep() const { return false; }
  // True: not a single choice may be missed.
  virtual bool Exhaustive() const { return false; }
};

// A deviation from option 0: choice number `at` of the execution was `option`.
struct Deviation {
  std::uint32_t at;
  std::uint8_t option;
  friend bool operator==(const Deviation&, const Deviation&) = default;
};
using Schedule = std::vector<Deviation>;

// Depth first through everything with at most so many preemptions and delays.
//
// Two executions are cut short where a state is reached that has been explored
// with no more preemptions: the state is the set of all steps with who read
// whose value, so it is independent of the order of steps that do not meet.
class DepthFirst : public Strategy {
 public:
  // `reduce`: cut short what leads nowhere new and skip what nobody notices;
  // without, the tests see that nothing is lost by it.
  DepthFirst(int preemptions, int delays, bool reduce = true);
  void Begin() override;
  int Pick(const Point& point, const Option* options, int n) override;
  bool Exhaustive() const override { return true; }
  bool EveryStep() const override { return !reduce_; }
  // Turns to the next execution; false if there is none.
  bool Next();
  std::size_t States() const { return visited_.Size(); }

 private:
  struct Node {
    std::uint8_t n;                    // affordable options
    std::uint8_t at;                   // the one that is being explored
    std::uint8_t total;                // options there were
    std::uint8_t option[kMaxOptions];  // the affordable ones
  };
  // From a state to the fewest preemptions it has been explored with.
  class Visited {
   public:
    Visited();
    // True: it has been explored with at most `preemptions`; else it is now.
    bool Seen(std::uint64_t state, int preemptions);
    std::size_t Size() const { return size_; }

   private:
    void Grow();
    std::vector<std::uint64_t> states_;      // 0: empty
    std::vector<std::uint8_t> preemptions_;  // of the state in the same slot
    std::size_t size_ = 0;
  };

  const int max_preemptions_;
  const int max_delays_;
  const bool reduce_;
  std::vector<Node> nodes_;
  std::size_t depth_ = 0;
  int preemptions_ = 0;
  int delays_ = 0;
  Visited visited_;
};

// Every choice by chance; how often threads are switched is itself drawn anew
// for each execution.
class Random : public Strategy {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}
  void Begin() override;
  int Pick(const Point& point, const Option* options, int n) override;

 private:
  std::uint64_t Draw();
  std::uint64_t state_;
  std::uint64_t go_on_ = 0;  // of 1024
};

// Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): threads
// have random priorities, the highest one that can run does, and at d random
// steps the running one drops to the bottom. It finds a bug that needs d
// preemptions with probability at least 1/(threads * steps^d).
class Pct : public Strategy {
 public:
  explicit Pct(std::uint64_t seed) : state_(seed * 2 + 1) {}
  void Begin() override;
  int Pick(const Point& point, const Option* options, int n) override;

 private:
  std::uint64_t Draw();
  std::uint64_t state_;
  std::uint32_t steps_ = 0;
  std::uint32_t longest_ = 64;  // steps of the longest execution so far
  std::vector<std::uint32_t> change_at_;
  std::int64_t priority_[16] = {};
  std::int64_t lowest_ = 0;
};

// What a schedule says, and option 0 otherwise.
class Replay : public Strategy {
 public:
  explicit Replay(Schedule schedule) : schedule_(std::move(schedule)) {}
  void Begin() override { next_ = 0; }
  int Pick(const Point& point, const Option* options, int n) override;
  bool EveryStep() const override { return true; }

 private:
  Schedule schedule_;
  std::size_t next_ = 0;
};

}  // namespace mn::sim
