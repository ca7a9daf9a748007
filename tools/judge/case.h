// The case process: the learner's code, a driver, and nothing of the judge.
//
// What: an exercise registers one driver per case. CaseMain says hello, reads
// the request, runs the driver that was asked for and reports what it observed.
// A driver only drives and reports; it never decides. It must not print
// what it reports: the judge reads the pipe, not stdout.
//
//   const bool kRegistered = mn::judge::RegisterDriver(
//       "RunQueue.Fifo", [](mn::judge::Driver& d) {
//         for (std::int64_t id : d.work("puts")) { ...; d.Observe("get", id); }
//       });
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "tools/judge/protocol.h"

namespace mn::judge {

class Driver {
 public:
  // The numbers named `name` in the request; the process ends with a message
  // if the judge sent none (then the halves of the case's file
  // disagree).
  const std::vector<std::int64_t>& work(const std::string& name) const;
  // The only number named `name`.
  std::int64_t number(const std::string& name) const;
  // The text named `name` in the request; "" if there is none.
  std::string text(const std::string& name) const;
  Random& rng() { return rng_; }

  // Reports at once, so that what was seen before a crash or a hang is known.
  void Observe(const char* kind, std::initializer_list<std::int64_t> values);
  void Observe(const char* kind, const std::vector<std::int64_t>& values);
  void Observe(const char* kind, std::int64_t value) { Observe(kind, {value}); }
  // Very many numbers: several observations of this kind.
  void ObserveInLines(const char* kind, const Numbers& values);
  // Text for the person who reads the verdict. One line.
  void Say(const char* kind, const std::string& text);
  // Waits until the judge has counted the threads of this process, its CPU time
  // and how often its threads slept, from outside (kThreads). Blocks the
  // calling thread for some milliseconds.
  void Look();
  // What the judge tells about a crash or a time-out, so that it blames the
  // right one: a stack besides the thread's own, fresh from mmap, by its name
  // ("context 3"); and what has happened, if a crash is its consequence ("the
  // entry function of context 3 had returned"), "" when that is over.
  void Stack(const void* lo, const void* hi, const std::string& name);
  void Phase(const std::string& text);
  // An address of code as a number to report (Verdict::instruction).
  static std::int64_t CodeOffset(std::uintptr_t pc);
  // Ends the case and the process. The driver's function may return instead; a
  // program, whose main function never does, calls this. Any thread.
  [[noreturn]] void Finish();
  // False in a canary run: then a driver that is to end the process with an
  // error leaves out what would end it.
  bool Provoke() const { return !falsify_; }
  // One block of a ratio case: nanoseconds per operation of the learner's code
  // and of the baseline.
  void Measure(double learner_ns, double baseline_ns);

 private:
  friend int CaseMain();
  void Send(const char* kind, const std::int64_t* values, std::size_t n);

  Workload work_;
  Texts texts_;
  Random rng_{0};
  std::uint64_t nonce_ = 0;
  std::int64_t observations_ = 0;
  bool falsify_ = false;
};

using DriverFunction = void (*)(Driver&);

// The name of a driver that serves every case.
inline constexpr char kAnyCase[] = "*";

// Thread safety: static initialisation only. Always true.
bool RegisterDriver(const char* case_name, DriverFunction run);

// main() of every case process.
int CaseMain();

}  // namespace mn::judge
