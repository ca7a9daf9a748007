#include "runtime/core/fatal.h"

#include <unistd.h>

#include <cstring>

#include "runtime/base/atomic.h"
#include "runtime/core/in_runtime.h"

namespace mn {

// A plain pointer, since it is set before any second thread exists.
void (*fatal_traceback)(bool all) = nullptr;

namespace {
// How many threads have wanted to report. The first of them is the reporter.
mn::atomic<long> dying{0};
// A byte per thread and no id, because a handler may ask with no M at hand.
thread_local bool this_thread_is_dying = false;
}  // namespace

FatalText& FatalText::operator<<(const char* s) {
  const std::size_t len = std::strlen(s);
  for (std::size_t i = 0; i < len; i++) {
    // A longer text goes out in pieces, since there is no memory to be had.
    if (n_ == sizeof buf_) Print();
    buf_[n_++] = s[i];
  }
  return *this;
}

// By hand, since printf may allocate and is not safe in a signal handler.
FatalText& FatalText::operator<<(std::int64_t n) {
  char digits[24];  // a sign, 19 digits and the end
  char* p = digits + sizeof digits;
  *--p = '\0';
  const bool negative = n < 0;
  // Unsigned, because the smallest number has no positive counterpart.
  std::uint64_t u = negative ? 0 - static_cast<std::uint64_t>(n)
                             : static_cast<std::uint64_t>(n);
  do {
    *--p = static_cast<char>('0' + u % 10);
    u /= 10;
  } while (u != 0);
  if (negative) *--p = '-';
  return *this << p;
}

// Without leading zeros, as Go prints addresses.
FatalText& FatalText::operator<<(Hex hex) {
  char digits[20];  // 0x, 16 digits and the end
  char* p = digits + sizeof digits;
  // From the last digit to the first, which is the order that division gives.
  *--p = '\0';
  do {
    *--p = "0123456789abcdef"[hex.n % 16];
    hex.n /= 16;
  } while (hex.n != 0);
  *--p = 'x';
  *--p = '0';
  return *this << p;
}

void FatalText::Print() {
  // A pipe or a terminal may take a part only.
  for (std::size_t done = 0; done < n_;) {
    const ssize_t w = ::write(STDERR_FILENO, buf_ + done, n_ - done);
    if (w <= 0) break;  // stderr is closed, and the process still has to end
    done += static_cast<std::size_t>(w);
  }
  n_ = 0;
}

void EnterFatal() {
  // For good. A preemption would leave the process with half a report.
  EnterRuntime();
  // The report itself has failed, so no second report is tried.
  if (this_thread_is_dying) {
    FatalText text;
    // The same words as Go, for those who grep.
    text << "panic during panic\n";
    text.Print();
    // At once, without Die, whose status would hide that the report is missing.
    ::_exit(4);  // Go's status
  }
  // Before the addition. If a signal came in between and its handler reported,
  // this thread would wait for itself.
  this_thread_is_dying = true;
  // Relaxed, since the reporter reads nothing that the others have written.
  if (dying.fetch_add(1, memory_order_relaxed) != 0) {
    // Another thread reports. It ends the process, and this thread with it.
    for (;;) ::pause();
  }
}

// Not `dying != 0`, which is true on the threads that wait as well.
bool IsDying() { return this_thread_is_dying; }

void WaitIfDying() {
  // The reporter must not wait for itself.
  // Relaxed, since a report that begins a moment later may be missed anyway.
  if (dying.load(memory_order_relaxed) == 0 || this_thread_is_dying) return;
  for (;;) ::pause();
}

// Not exit. Exit handlers and destructors may need what is broken.
void Die() { ::_exit(2); }

// One body, so that both kinds look alike.
void Throw(const char* what) { Throw(nullptr, what); }

void Throw(const char* detail, const char* what) {
  EnterFatal();
  // One Print, so that no other process on this terminal splits the two lines.
  FatalText text;
  if (detail != nullptr) text << "runtime: " << detail << "\n";
  text << "fatal error: " << what << "\n";
  text.Print();
  // After the text, since the walk over the stacks may fail.
  if (fatal_traceback != nullptr) fatal_traceback(true);
  Die();
}

}  // namespace mn
