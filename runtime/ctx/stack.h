// Where goroutines' stacks come from, and whose stack an address is in.
//
// A stack is a slot of a slab, which is reserved address space. By default a
// slot is 64 KiB and a guard. The guard is lowest and the usable part follows.
// At the very top stand the callable and the G itself, in the page that is
// touched first anyway. Only touched pages cost memory, so a parked goroutine
// costs 4096 bytes and 128 bytes of page table.
//
// Linux 6.13 has MADV_GUARD_INSTALL. Such a guard is no mapping of its own, so
// millions of guarded stacks need no sysctl. Older kernels get mprotect.
// There vm.max_map_count allows about 32 000 stacks, and the error says so.
//
// Rejected: one mmap per stack, which meets vm.max_map_count and costs 2.5 us.
// malloc, which has no guard. Transparent huge pages, which make 64 KiB
// resident per goroutine. Growth by copying, since C++ points into its frames.
//
// Invariants:
//   STK-1 a slot is carved once and its G is never unmapped, so a stale G* may
//         always be read (dumps do);
//   STK-2 free stacks are never madvised on the free path (10 us).
// Thread-safety: any M may call every function. None parks.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/g.h"

namespace mn {

inline constexpr std::size_t kDefaultStackSize = 64 * 1024;
inline constexpr std::size_t kMinStackSize = 16 * 1024;
inline constexpr std::size_t kMaxStackSize = std::size_t{1} << 32;

// Returns the smallest class that carries `size` bytes. The class is the binary
// logarithm of the stack's size without the guard. More than kMaxStackSize is
// fatal, and the report names the limit.
std::uint32_t StackClass(std::size_t size);
inline constexpr std::uint32_t kDefaultStackClass = 16;

// Carves up to `want` fresh slots of a class and sets *got to their number,
// which is at least 1. Returns their Gs, linked through schedlink. Their state
// is kIdle and their stack bounds are set.
// REQUIRES: want > 0.
// Takes a lock of rank kSlabs. A lack of address space or of mappings is fatal,
// and the report names the limit.
G* CarveStacks(std::uint32_t stack_class, int want, int* got);

// Returns the G whose guard contains the address. Null if no guard does.
// Takes no lock. Async-signal-safe.
G* GuardOwner(std::uintptr_t addr);

// Reports a stack overflow and ends the process with exit status 2, if addr
// lies in the guard of the goroutine that runs here. Otherwise returns.
//   runtime: goroutine stack exceeds 65536-byte limit
//   runtime: sp=0x7f59b3400f40 stack=[0x7f59b3401000, 0x7f59b3410f40]
//   fatal error: stack overflow
// The goroutine's frames follow.
// REQUIRES: the caller handles SIGSEGV or SIGBUS on the thread's signal stack,
// and `context` is the third argument of its handler.
// Async-signal-safe.
void ReportIfOverflow(std::uintptr_t addr, void* context);

// Gives the calling thread the alternate stack on which signal handlers run.
// With `keep` a thread that has such a stack keeps its own. Returns the new
// stack, or null if the thread kept its own. A lack of memory is fatal.
void* InstallSignalStack(bool keep);
// Takes that stack away again, before the thread ends.
// REQUIRES: `given` is what InstallSignalStack returned on this thread.
void RemoveSignalStack(void* given);

}  // namespace mn
