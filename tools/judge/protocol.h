// What the judge and a case process say to each other.
//
// What: two pipes. The case process says hello; only then the judge sends the
// request; the case process answers with observations and an end line. Lines of
// text, so that a conversation can be read in a debugger or written by a test.
//
//   case  -> judge   hello 3
//   judge -> case    nonce 9a3f…            (hex)
//                    case RunQueue.Fifo
//                    seed 51f2…             (hex)
//                    work puts 12 7 300     (name, then numbers; any number)
//                    say replay 31r2…       (name, then text; any number)
//                    go
//   case  -> judge   o get 7                (kind, then numbers; any number)
//                    s timeline 37 write …  (kind, then text for people)
//                    look                   (asks the judge to look, below)
//   judge -> case    seen                   (the answer to look)
//   case  -> judge   …
//   case  -> judge   crash 11 128 0 …       (from the fault handler, case.h)
//                    end 9a3f… 200          (nonce, number of observations)
//
// Why it is hard: the learner's code runs in the process that talks. A static
// constructor can speak before the driver does. It gains nothing: the request
// is random and comes after the hello, so an answer has to be computed, and the
// canary tells a computed answer from an observed one. In a canary run the
// driver falsifies what it reports; honest code then fails, and code that wrote
// the observations itself still "passes". Which run is a canary is a property
// of the nonce, so that the conversation itself looks the same.
//
// Rejected: shared memory (the learner's code could rewrite what was observed
// before); exit codes (one bit, forged by _exit).
#pragma once

#include <signal.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mn::judge {

inline constexpr int kProtocolVersion = 3;

// The descriptors of the case process; everything above is closed.
inline constexpr int kRequestFd = 3;
inline constexpr int kObservationFd = 4;

// "Where do you stand?", asked of one thread at the deadline.
inline constexpr int kWhereSignal = SIGUSR2;

using Numbers = std::vector<std::int64_t>;
// The numbers that a case process works on, by name.
using Workload = std::map<std::string, Numbers>;
// What it has to know besides, by name; one line each.
using Texts = std::map<std::string, std::string>;

// One thing that the driver saw, as numbers, or said, as text. A verdict rests
// on numbers; text is what a person reads.
//
// One kind is not the driver's: `threads` is what the judge itself counted in
// /proc when the case process asked it to look (Driver::Look). Its numbers are
// the number of threads, the CPU time so far in milliseconds, how often threads
// went to sleep so far, and the milliseconds since the process began.
struct Observation {
  std::string kind;
  Numbers values;
  std::string text = {};
};
inline constexpr char kThreads[] = "threads";
using Observations = std::vector<Observation>;

// splitmix64: small, seeded, the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15u;
    return Mix(state_);
  }
  // A number in [low, high].
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<std::int64_t>(Next() % span);
  }

  static std::uint64_t Mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

// What a driver may fill the top of a stack with before its first use. A crash
// report takes it for a place that the learner's code has not written to.
inline constexpr unsigned char kStackFill = 0xa5;
inline constexpr std::uint64_t kStackFillWord = 0xa5a5a5a5a5a5a5a5u;

inline bool IsCanary(std::uint64_t nonce) {
  return (Random::Mix(nonce) & 7) == 3;
}

}  // namespace mn::judge
