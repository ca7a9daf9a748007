// Every operation that the explorer sees. sim/atomic.h, hooks.cc and the host
// files call them. Outside an execution (while a model is set up and checked)
// they act at once and are nobody's step.
//
// This header is the seam to the sources under test, which see nothing else of
// the engine. So it declares what several of the engine's files define.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mn::sim {

// A place in the sources.
struct Where {
  const char* file;
  int line;
};

// How the bits of an atomic are to be printed.
enum class Form : std::uint8_t { kSigned, kUnsigned, kPointer };

struct ValueType {
  std::uint8_t size = 8;  // of a row that is about no atomic
  Form form = Form::kSigned;
};

enum class Rmw : std::uint8_t { kExchange, kAdd, kSub, kOr, kAnd };

using Word = std::uint64_t;  // the image of any atomic's value

// ---- memory.cc -------------------------------------------------------------

Word OpLoad(const void* addr, ValueType type, std::memory_order order, Where);
void OpStore(void* addr, ValueType type, Word value, std::memory_order order,
             Where);
Word OpRmw(void* addr, ValueType type, Rmw what, Word operand,
           std::memory_order order, Where);
// On failure *expected is the value found.
bool OpCas(void* addr, ValueType type, Word* expected, Word desired,
           std::memory_order success, std::memory_order failure, Where);
void OpFence(Where);  // seq_cst

// ---- threads.cc ------------------------------------------------------------

// The thread spins: another one had better go on.
void OpRelax(Where);

// ---- wait.cc ---------------------------------------------------------------

// As a loop that reads an atomic (acquire) until it is `value`, but without the
// steps of those reads that find another one.
void OpAwait(const void* addr, ValueType type, Word value, Where);

// The futex system call. Wait may return early, as the real one. ns < 0: no
// limit.
void OpFutexWait(const void* addr, ValueType type, Word expected,
                 std::int64_t ns, Where);
void OpFutexWake(const void* addr, int n, Where);

// Blocks on `key` until OpUnblock(key) or until virtual time `deadline`.
void OpBlock(const void* key, std::int64_t deadline, Where);
void OpUnblock(const void* key, Where);

// Virtual time, in nanoseconds: goes on with every look at it, and jumps when
// nothing can happen before the next deadline.
std::int64_t OpNanotime();

// ---- races.cc --------------------------------------------------------------

// An access to memory that is not atomic: checked for data races.
void OpPlain(const void* addr, std::size_t size, bool write, const void* pc);

// ---- execution.cc ----------------------------------------------------------

// Ends the schedule with a violation. [[noreturn]] while an execution runs.
[[noreturn]] void Violate(const char* kind, const char* text);

}  // namespace mn::sim
