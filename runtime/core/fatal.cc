#include "runtime/core/fatal.h"

#include <unistd.h>

#include <cstring>

#include "runtime/base/atomic.h"
#include "runtime/core/in_runtime.h"

namespace mn {

void (*fatal_traceback)(bool all) = nullptr;

namespace {
mn::atomic<long> dying{0};
thread_local bool this_thread_is_dying = false;
}  // namespace

FatalText& FatalText::operator<<(const char* s) {
  const std::size_t len = std::strlen(s);
  for (std::size_t i = 0; i < len; i++) {
    if (n_ == sizeof buf_) Print();
    buf_[n_++] = s[i];
  }
  return *this;
}

FatalText& FatalText::operator<<(std::int64_t n) {
  char digits[24];
  char* p = digits + sizeof digits;
  *--p = '\0';
  const bool negative = n < 0;
  std::uint64_t u = negative ? 0 - static_cast<std::uint64_t>(n)
                             : static_cast<std::uint64_t>(n);
  do {
    *--p = static_cast<char>('0' + u % 10);
    u /= 10;
  } while (u != 0);
  if (negative) *--p = '-';
  return *this << p;
}

FatalText& FatalText::operator<<(Hex hex) {
  char digits[20];
  char* p = digits + sizeof digits;
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
  for (std::size_t done = 0; done < n_;) {
    const ssize_t w = ::write(STDERR_FILENO, buf_ + done, n_ - done);
    if (w <= 0) break;
    done += static_cast<std::size_t>(w);
  }
  n_ = 0;
}

void EnterFatal() {
  EnterRuntime();  // for good: a report is not interrupted
  if (this_thread_is_dying) {
    FatalText text;
    text << "panic during panic\n";
    text.Print();
    ::_exit(4);  // as Go
  }
  this_thread_is_dying = true;
  if (dying.fetch_add(1, memory_order_relaxed) != 0) {
    for (;;) ::pause();  // another thread reports and exits
  }
}

bool IsDying() { return this_thread_is_dying; }

void WaitIfDying() {
  if (dying.load(memory_order_relaxed) == 0 || this_thread_is_dying) return;
  for (;;) ::pause();
}

void Die() { ::_exit(2); }

void Throw(const char* what) { Throw(nullptr, what); }

void Throw(const char* detail, const char* what) {
  EnterFatal();
  FatalText text;
  if (detail != nullptr) text << "runtime: " << detail << "\n";
  text << "fatal error: " << what << "\n";
  text.Print();
  if (fatal_traceback != nullptr) fatal_traceback(true);
  Die();
}

}  // namespace mn
