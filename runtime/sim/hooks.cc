// The plain memory of the sources under test.
//
// They are compiled with -fsanitize=thread, which makes the compiler call a
// function at every plain load and store, and linked without ThreadSanitizer:
// these functions are here. So `m->nextp = p` in the runtime's own text is seen
// without a word in it for the explorer's sake. The calls are those that gcc 12
// and clang 14 make; the others are reported by the linker.
//
// Atomics of the standard library would be called __tsan_atomic...; the sources
// have none, so those are missing on purpose.
#include <cstddef>
#include <cstring>

#include "runtime/sim/ops.h"

namespace {
void Access(const void* addr, std::size_t size, bool write, const void* pc) {
  mn::sim::OpPlain(addr, size, write, pc);
}
}  // namespace

#define MN_PC __builtin_return_address(0)
#define MN_HOOKS(size)                                               \
  void __tsan_read##size(void* p) { Access(p, size, false, MN_PC); } \
  void __tsan_write##size(void* p) { Access(p, size, true, MN_PC); } \
  void __tsan_read_write##size(void* p) { Access(p, size, true, MN_PC); }
#define MN_UNALIGNED(size)                                                     \
  void __tsan_unaligned_read##size(void* p) { Access(p, size, false, MN_PC); } \
  void __tsan_unaligned_write##size(void* p) { Access(p, size, true, MN_PC); } \
  void __tsan_unaligned_read_write##size(void* p) {                            \
    Access(p, size, true, MN_PC);                                              \
  }

extern "C" {

MN_HOOKS(1)
MN_HOOKS(2)
MN_HOOKS(4)
MN_HOOKS(8)
MN_HOOKS(16)
MN_UNALIGNED(2)
MN_UNALIGNED(4)
MN_UNALIGNED(8)
MN_UNALIGNED(16)

void __tsan_read_range(void* p, std::size_t n) { Access(p, n, false, MN_PC); }
void __tsan_write_range(void* p, std::size_t n) { Access(p, n, true, MN_PC); }
void __tsan_vptr_update(void** p, void*) { Access(p, 8, true, MN_PC); }
void __tsan_vptr_read(void** p) { Access(p, 8, false, MN_PC); }

void* __tsan_memcpy(void* to, const void* from, std::size_t n) {
  Access(from, n, false, MN_PC);
  Access(to, n, true, MN_PC);
  return std::memcpy(to, from, n);
}
void* __tsan_memmove(void* to, const void* from, std::size_t n) {
  Access(from, n, false, MN_PC);
  Access(to, n, true, MN_PC);
  return std::memmove(to, from, n);
}
void* __tsan_memset(void* to, int value, std::size_t n) {
  Access(to, n, true, MN_PC);
  return std::memset(to, value, n);
}

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_ignore_thread_begin() {}
void __tsan_ignore_thread_end() {}

// ctx/switch.h tells ThreadSanitizer about stacks.
void* __tsan_get_current_fiber() { return nullptr; }
void* __tsan_create_fiber(unsigned) { return nullptr; }
void __tsan_destroy_fiber(void*) {}
void __tsan_switch_to_fiber(void*, unsigned) {}

}  // extern "C"
