// Goroutine stacks: where they come from and how they are told apart.
//
// A stack is a slot of a slab of reserved address space (by default 64 KiB and
// the guard). Lowest: the guard, then the usable part, then, at the very top in
// the page that is touched first anyway, the callable and the G itself. Only
// touched pages cost memory: a parked goroutine costs 4096 bytes and 128 bytes
// of page table.
//
// The guard is MADV_GUARD_INSTALL where the kernel has it (Linux 6.13: no extra
// mapping, so millions of guarded stacks need no sysctl) and mprotect
// elsewhere, where vm.max_map_count ends the party at about 32 000 stacks and
// the error says so.
//
// Rejected: mmap per stack (vm.max_map_count, 2.5 us each); malloc (no guard);
// transparent huge pages (64 KiB resident per goroutine); growing by copying
// (C++ has pointers into its frames).
//
// Invariants:
//   STK-1 a slot is carved once and its G is never unmapped, so a stale G* may
//         always be read (dumps do);
//   STK-2 free stacks are never madvised on the free path (10 us).
// Thread-safety: any M.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/core/g.h"

namespace mn {

inline constexpr std::size_t kDefaultStackSize = 64 * 1024;
inline constexpr std::size_t kMinStackSize = 16 * 1024;
inline constexpr std::size_t kMaxStackSize = std::size_t{1} << 32;

// The class (log2 of the slot size) that carries `size` bytes; Throws naming
// the limit when it is out of range.
std::uint32_t StackClass(std::size_t size);
inline constexpr std::uint32_t kDefaultStackClass = 16;

// Carves up to `want` fresh slots of one class and returns their Gs linked
// through schedlink; at least one. Their status is kIdle, stack bounds set.
// Out of address space or mappings is fatal and names the limit.
G* CarveStacks(std::uint32_t stack_class, int want, int* got);

// The G whose guard contains the address, null if none. Async-signal-safe.
G* GuardOwner(std::uintptr_t addr);

// For the handler of SIGSEGV and SIGBUS, with its third argument: if addr lies
// in the guard of the goroutine that runs here, the report
//   runtime: goroutine stack exceeds 65536-byte limit
//   runtime: sp=0x7f59b3400f40 stack=[0x7f59b3401000, 0x7f59b3410f40]
//   fatal error: stack overflow
// with its frames, and exit status 2. Otherwise returns. Async-signal-safe.
void ReportIfOverflow(std::uintptr_t addr, void* context);

// Gives the calling thread the alternate stack that the report runs on. `keep`:
// unless it has one of its own. Returns what it was given, or null.
void* InstallSignalStack(bool keep);
// Takes what it was given away again, before the thread ends.
void RemoveSignalStack(void* given);

}  // namespace mn
