// What stands below the runtime's primitives when the explorer runs them: the
// futex, the clock, and the end of a process, which here ends a schedule.
#include <string>

#include "runtime/core/fatal.h"
#include "runtime/core/lock.h"
#include "runtime/core/nanotime.h"
#include "runtime/sim/ops.h"

namespace mn {

void FutexWait(mn::atomic<std::uint32_t>* word, std::uint32_t expected,
               std::int64_t ns) {
  sim::OpFutexWait(word, mn::atomic<std::uint32_t>::kType, expected, ns,
                   {"futex", 0});
}

void FutexWake(mn::atomic<std::uint32_t>* word, int n) {
  sim::OpFutexWake(word, n, {"futex", 0});
}

std::int64_t Nanotime() { return sim::OpNanotime(); }

// ---- core/fatal.h ----------------------------------------------------------

void (*fatal_traceback)(bool all) = nullptr;

namespace {
char last_words[1024];
std::size_t last_length = 0;
}  // namespace

FatalText& FatalText::operator<<(const char* s) {
  for (; *s != '\0' && n_ + 1 < sizeof buf_; s++) buf_[n_++] = *s;
  return *this;
}

FatalText& FatalText::operator<<(std::int64_t n) {
  char digits[24];
  char* p = digits + sizeof digits;
  *--p = '\0';
  const bool negative = n < 0;
  auto u = static_cast<std::uint64_t>(negative ? -n : n);
  do {
    *--p = static_cast<char>('0' + u % 10);
    u /= 10;
  } while (u != 0);
  if (negative) *--p = '-';
  return *this << p;
}

void FatalText::Print() {
  last_length = n_;
  for (std::size_t i = 0; i < n_; i++) last_words[i] = buf_[i];
  last_words[last_length] = '\0';
  n_ = 0;
}

void Throw(const char* what) { sim::Violate("fatal error", what); }

void Throw(const char* detail, const char* what) {
  FatalText text;
  text << detail << " (" << what << ")";
  text.Print();
  sim::Violate("fatal error", last_words);
}

void Die() { sim::Violate("fatal error", last_words); }

void EnterFatal() {}

void WaitIfDying() {}

}  // namespace mn
