#include "runtime/core/timers.h"

#include <new>

#include "runtime/core/fatal.h"

namespace mn {

namespace {
constexpr std::size_t kArity = 4;  // as Go: shallower than binary, one line
}  // namespace

void Timers::Place(std::size_t i, const Entry& e) {
  heap_[i] = e;
  e.timer->index = static_cast<std::uint32_t>(i);
}

void Timers::SiftUp(std::size_t i) {
  const Entry e = heap_[i];
  while (i > 0) {
    const std::size_t parent = (i - 1) / kArity;
    if (!e.Before(heap_[parent])) break;
    Place(i, heap_[parent]);
    i = parent;
  }
  Place(i, e);
}

void Timers::SiftDown(std::size_t i) {
  const Entry e = heap_[i];
  for (;;) {
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

void Timers::RemoveAt(std::size_t i) {
  heap_[i].timer->heap = nullptr;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (i == heap_.size()) return;
  Place(i, last);
  SiftDown(i);
  SiftUp(last.timer->index);
}

void Timers::Publish() {
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
    // Not an exception: a sleeper's timer is added on another's stack.
    Throw("cannot allocate a timer", "out of memory");
  }
  SiftUp(heap_.size() - 1);
  Publish();
  return t->index == 0;
}

bool Timers::Stop(Timer* t) {
  RtLock lock(mu_);
  if (t->heap != this) return false;
  RemoveAt(t->index);
  Publish();
  return true;
}

int Timers::Run(std::int64_t now) {
  int fired = 0;
  mu_.Lock();
  while (!heap_.empty() && heap_[0].when <= now) {
    const Timer t = *heap_[0].timer;  // gone once fn has run: copy first
    RemoveAt(0);
    Publish();
    mu_.Unlock();
    t.fn(t.arg);
    fired++;
    mu_.Lock();
  }
  mu_.Unlock();
  return fired;
}

void Timers::TakeAll(Timers& other) {
  RtLock lock(mu_);
  RtLock others(other.mu_);
  while (!other.heap_.empty()) {
    Timer* t = other.heap_[0].timer;  // in order: FIFO among equals stays
    other.RemoveAt(0);
    t->heap = this;
    heap_.push_back({t->when, next_seq_++, t});
    SiftUp(heap_.size() - 1);
  }
  other.Publish();
  Publish();
}

}  // namespace mn
