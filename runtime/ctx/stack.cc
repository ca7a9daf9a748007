#include "runtime/ctx/stack.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <new>

#include "runtime/core/lock.h"
#include "runtime/core/sched.h"

#if MN_ASAN
#include <sanitizer/lsan_interface.h>
#endif

namespace mn {

namespace {

// Older C libraries do not know it, and the kernel decides at run time anyway.
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

// Picked. A slab holds 963 default stacks, and a million goroutines take about
// a thousand calls of mmap.
constexpr std::size_t kSlabSize = 64 << 20;
constexpr std::size_t kMaxSlabs = 1 << 17;

// Neighbouring stacks start at different cache lines of their top page. With
// equal offsets all Gs would compete for the eight ways of one L1 set.
// spawn_join was measured at 120 ns without colours and at 56 ns with them.
// Sixteen lines leave three quarters of the page.
constexpr std::uint32_t kColours = 16;

struct Slab {
  std::uintptr_t base = 0;
  std::uint32_t slot_class = 0;
  std::uint32_t slots = 0;
  // The slots [0, carved) hold a G. Atomic, written under pool.lock, since
  // ForEachG and GuardOwner look without the lock.
  mn::atomic<std::uint32_t> carved{0};

  std::size_t SlotSize() const;
};

enum class Guard : int { kUnknown, kMadvise, kMprotect };

struct Pool {
  RtMutex lock{LockRank::kSlabs};
  // Guarded by lock. nslabs and the slabs below it are also read without.
  Slab* open[33] = {};  // for each class the slab that has room
  Guard guard = Guard::kUnknown;
  mn::atomic<std::uint32_t> nslabs{0};
  // An array that never moves, so that it can be read without the lock.
  Slab* slabs[kMaxSlabs] = {};
};
Pool pool;

std::size_t GuardSize(std::uint32_t slot_class) {
  // A frame larger than the guard could step over the guard. Guards cost
  // nothing but address space, so large stacks have large guards.
  return slot_class >= 18 ? 64 * 1024 : 4096;
}

std::size_t Slab::SlotSize() const {
  // Not a power of two. With a stride of 64 KiB the Gs and the hot ends of all
  // stacks would share two sets of the L2 cache.
  return (std::size_t{1} << slot_class) + GuardSize(slot_class);
}

// Where the G of slot i is. Computed, so that no table is needed to find it.
G* SlotG(const Slab& slab, std::uint32_t i) {
  const std::uintptr_t top = slab.base + (i + 1) * slab.SlotSize();
  const std::uintptr_t colour = (i % kColours) * 64;
  // Down to a multiple of 64, a cache line of its own.
  return reinterpret_cast<G*>((top - colour - sizeof(G)) & ~std::uintptr_t{63});
}

// Makes [base, base + size) a guard. The first call finds out which kind of
// guard the kernel has. REQUIRES: pool.lock.
void InstallGuard(std::uintptr_t base, std::size_t size) {
  void* p = reinterpret_cast<void*>(base);
  if (pool.guard != Guard::kMprotect) {
    if (::madvise(p, size, MADV_GUARD_INSTALL) == 0) {
      pool.guard = Guard::kMadvise;
      return;
    }
    // EINVAL also means locked memory (mlockall), where no kernel can do this.
    // So EINVAL leads to mprotect even if the call has worked before.
    if (pool.guard == Guard::kMadvise && errno != EINVAL) {
      Throw("cannot guard a goroutine's stack (madvise)", "out of memory");
    }
    if (pool.guard != Guard::kMadvise) {
      pool.guard = Guard::kMprotect;  // before Linux 6.13
    }
  }
  if (::mprotect(p, size, PROT_NONE) != 0) {
    Throw(
        "cannot guard another goroutine's stack: each guard is a mapping on "
        "this kernel and vm.max_map_count is reached (sysctl -w "
        "vm.max_map_count=N, or Linux 6.13)",
        "out of memory");
  }
}

Slab* NewSlab(std::uint32_t slot_class) {
  const std::uint32_t n = pool.nslabs.load(memory_order_relaxed);
  const std::size_t slot =
      (std::size_t{1} << slot_class) + GuardSize(slot_class);
  const std::size_t size = slot > kSlabSize ? slot : kSlabSize;
  void* p = n == kMaxSlabs
                ? MAP_FAILED
                : ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) {
    Throw(
        "cannot reserve address space for goroutine stacks (ulimit -v, "
        "vm.overcommit_memory=2, or too many goroutines)",
        "out of memory");
  }
  // A huge page would make many stacks resident at the first touch of one.
  ::madvise(p, size, MADV_NOHUGEPAGE);
  // Never deleted, since somebody may read a stale G* at any time (STK-1).
  Slab* slab = new Slab;
  slab->base = reinterpret_cast<std::uintptr_t>(p);
  slab->slot_class = slot_class;
  slab->slots = static_cast<std::uint32_t>(size / slot);
  pool.slabs[n] = slab;
  // Last. A reader that sees the number may use the slab.
  // release: pairs with the acquire in ForEachG and GuardOwner.
  pool.nslabs.store(n + 1, memory_order_release);
  return slab;
}

}  // namespace

std::uint32_t StackClass(std::size_t size) {
  if (size <= kMinStackSize) return std::bit_width(kMinStackSize) - 1;
  // A bug of the program, which asks for it by name.
  if (size > kMaxStackSize) {
    Throw("GoOptions::stack_size exceeds 4 GiB", "stack size out of range");
  }
  return static_cast<std::uint32_t>(std::bit_width(std::bit_ceil(size)) - 1);
}

G* CarveStacks(std::uint32_t stack_class, int want, int* got) {
  RtLock lock(pool.lock);
  // The rest of a full slab is less than a slot, and is left unused.
  Slab*& slab = pool.open[stack_class];
  if (slab == nullptr ||
      slab->carved.load(memory_order_relaxed) == slab->slots) {
    slab = NewSlab(stack_class);
  }
  G* list = nullptr;
  std::uint32_t i = slab->carved.load(memory_order_relaxed);
  for (*got = 0; *got < want && i < slab->slots; ++*got, ++i) {
    const std::uintptr_t base = slab->base + i * slab->SlotSize();
    // Before anybody can run on the stack.
    InstallGuard(base, GuardSize(stack_class));
    G* gp = new (SlotG(*slab, i)) G;
    gp->stack_lo = base + GuardSize(stack_class);
    gp->stack_hi = reinterpret_cast<std::uintptr_t>(gp);
    gp->stack_class = stack_class;
    gp->schedlink = list;
    list = gp;
#if MN_ASAN
    // What a parked goroutine points at is no leak. The guard is left out,
    // since LSan reads the whole region.
    __lsan_register_root_region(reinterpret_cast<void*>(gp->stack_lo),
                                gp->stack_hi + sizeof(G) - gp->stack_lo);
#endif
    // The G is constructed by now.
    // release: pairs with the acquire in ForEachG and GuardOwner.
    slab->carved.store(i + 1, memory_order_release);
  }
  return list;
}

void ForEachG(void (*fn)(G*, void*), void* arg) {
  // acquire, here and below: pairs with the releases in NewSlab and
  // CarveStacks, so a slab and its Gs are constructed.
  const std::uint32_t n = pool.nslabs.load(memory_order_acquire);
  for (std::uint32_t s = 0; s < n; s++) {
    const Slab& slab = *pool.slabs[s];
    const std::uint32_t carved = slab.carved.load(memory_order_acquire);
    for (std::uint32_t i = 0; i < carved; i++) {
      G* gp = SlotG(slab, i);
      // The state may change at once. The caller has to live with that.
      const GStatus status = gp->status.load(memory_order_relaxed);
      if (status != GStatus::kIdle && status != GStatus::kDead) fn(gp, arg);
    }
  }
}

G* GuardOwner(std::uintptr_t addr) {
  // acquire, here and below: pairs with the releases in NewSlab and
  // CarveStacks, so a slab and its Gs are constructed.
  const std::uint32_t n = pool.nslabs.load(memory_order_acquire);
  for (std::uint32_t s = 0; s < n; s++) {
    const Slab& slab = *pool.slabs[s];
    if (addr < slab.base || addr >= slab.base + slab.slots * slab.SlotSize()) {
      continue;
    }
    const std::uintptr_t offset = addr - slab.base;
    const auto i = static_cast<std::uint32_t>(offset / slab.SlotSize());
    // A slot that is not carved has no guard and no G yet.
    if (i >= slab.carved.load(memory_order_acquire)) return nullptr;
    // The guard is at the low end of a slot, below the stack.
    const bool in_guard = offset % slab.SlotSize() < GuardSize(slab.slot_class);
    return in_guard ? SlotG(slab, i) : nullptr;
  }
  return nullptr;
}

}  // namespace mn
