#include "runtime/sim/arena.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "runtime/sim/clock.h"

namespace mn::sim {

namespace {

constexpr int kArenas = kMaxThreads + 1;
constexpr std::size_t kArenaSize = 512 * 1024;

alignas(4096) char arenas[kArenas][kArenaSize];
std::size_t used[kArenas];
int current = -1;

void* Take(std::size_t size, std::size_t align) {
  if (current < 0) {
    void* p = align <= alignof(std::max_align_t)
                  ? std::malloc(size)
                  : std::aligned_alloc(align, (size + align - 1) & -align);
    if (p == nullptr) std::abort();
    return p;
  }
  std::size_t& top = used[current];
  top = (top + align - 1) & -align;
  if (top + size > kArenaSize) {
    std::fprintf(stderr, "sim: an execution allocates more than %zu bytes\n",
                 kArenaSize);
    std::abort();
  }
  void* p = arenas[current] + top;
  top += size;
  return p;
}

void Give(void* p) {
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  const auto base = reinterpret_cast<std::uintptr_t>(&arenas);
  if (at - base < sizeof arenas) return;
  std::free(p);
}

}  // namespace

void ResetArenas() {
  for (std::size_t& u : used) u = 0;
}

void UseArena(int number) { current = number; }

int CurrentArena() { return current; }

}  // namespace mn::sim

// What the sources under test call mmap (sim.bzl).
extern "C" void* mn_sim_mmap(void*, std::size_t size, int, int, int, long) {
  void* p = mn::sim::Take(size, 4096);
  std::memset(p, 0, size);
  return p;
}

// The program's allocator, so that the sources under test need not change.
void* operator new(std::size_t size) {
  return mn::sim::Take(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t align) {
  return mn::sim::Take(size, static_cast<std::size_t>(align));
}
void operator delete(void* p) noexcept { mn::sim::Give(p); }
void operator delete(void* p, std::size_t) noexcept { mn::sim::Give(p); }
void operator delete(void* p, std::align_val_t) noexcept { mn::sim::Give(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  mn::sim::Give(p);
}
