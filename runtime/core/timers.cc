#include "runtime/core/timers.h"

#include <new>

#include "runtime/core/fatal.h"

namespace mn {

namespace {
// As in Go. Such a heap is half as deep as a binary heap, and the children of a
// node stand side by side.
constexpr std::size_t kArity = 4;
}  // namespace

// Writes e to slot i.
void Timers::Place(std::size_t i, const Entry& e) {
  heap_[i] = e;
  // Stop has only the timer and must find the entry.
  e.timer->index = static_cast<std::uint32_t>(i);
}

// Moves the entry of slot i towards the root until its parent is due before it.
void Timers::SiftUp(std::size_t i) {
  // Held aside and placed once. A swap would write each entry twice.
  const Entry e = heap_[i];
  while (i > 0) {
    const std::size_t parent = (i - 1) / kArity;
    if (!e.Before(heap_[parent])) break;
    Place(i, heap_[parent]);
    i = parent;
  }
  Place(i, e);
}

// Moves the entry of slot i towards the leaves until no child is due before it.
void Timers::SiftDown(std::size_t i) {
  const Entry e = heap_[i];
  for (;;) {
    // The earliest of up to four children. 0 means that there is none, since
    // the root is no child.
    std::size_t best = 0;
    const std::size_t first = i * kArity + 1;
    for (std::size_t c = first; c < first + kArity && c < heap_.size(); c++) {
      if (best == 0 || heap_[c].Before(heap_[best])) best = c;
    }
    if (best == 0 || !heap_[best].Before(e)) break;
    Place(i, heap_[best]);
    i = best;
  }
  Place(i, e);
}

// Takes the entry of slot i out. The last entry of the heap fills the gap.
void Timers::RemoveAt(std::size_t i) {
  heap_[i].timer->heap = nullptr;  // no longer pending
  const Entry last = heap_.back();
  // The vector keeps its memory, so a heap of a steady size allocates nothing.
  heap_.pop_back();
  if (i == heap_.size()) return;  // the entry itself was the last
  Place(i, last);
  // From the middle of the heap the last entry may have to go either way. If
  // SiftDown moves the entry, SiftUp finds it in its place.
  SiftDown(i);
  SiftUp(last.timer->index);
}

// REQUIRES: mu_. Called after every change of the heap.
void Timers::Publish() {
  // For those who look without the lock (Len, NextWhen).
  len_.store(heap_.size(), memory_order_relaxed);
  // release: pairs with the acquire in NextWhen.
  min_when_.store(heap_.empty() ? 0 : heap_[0].when, memory_order_release);
}

bool Timers::Add(Timer* t) {
  RtLock lock(mu_);
  t->heap = this;
  try {
    heap_.push_back({t->when, next_seq_++, t});
  } catch (const std::bad_alloc&) {
    // Not an exception. A sleeper's timer is added on another goroutine's
    // stack, and the exception would leave that goroutine.
    Throw("cannot allocate a timer", "out of memory");
  }
  SiftUp(heap_.size() - 1);
  Publish();
  // TIM-4: only an earliest timer changes how long others may sleep.
  return t->index == 0;
}

bool Timers::Stop(Timer* t) {
  RtLock lock(mu_);
  if (t->heap != this) return false;  // TIM-2: fired, or about to
  RemoveAt(t->index);
  Publish();
  return true;
}

int Timers::Run(std::int64_t now) {
  int fired = 0;
  mu_.Lock();
  // TIM-6: by `now`, which is past. It stays the same, so an fn that adds
  // timers for later does not keep this loop going.
  while (!heap_.empty() && heap_[0].when <= now) {
    // A copy, since the timer is on a stack that runs on once fn has run.
    const Timer t = *heap_[0].timer;
    RemoveAt(0);
    Publish();
    // fn may take locks of a lower rank (LCK-3), and may add timers here.
    mu_.Unlock();
    t.fn(t.arg);
    fired++;
    // The heap may have changed, so the loop looks at its front again.
    mu_.Lock();
  }
  mu_.Unlock();
  return fired;
}

void Timers::TakeAll(Timers& other) {
  RtLock lock(mu_);
  // Two locks of one rank. No second thread does this, so none waits crosswise.
  RtLock others(other.mu_);
  while (!other.heap_.empty()) {
    // TIM-1: from the front, so that equals get new numbers in their old order.
    Timer* t = other.heap_[0].timer;
    other.RemoveAt(0);
    t->heap = this;
    heap_.push_back({t->when, next_seq_++, t});
    SiftUp(heap_.size() - 1);
  }
  // Both have changed. The other one is empty now.
  other.Publish();
  Publish();
}

}  // namespace mn
