#include "runtime/sim/memory.h"

#include "runtime/sim/choice.h"
#include "runtime/sim/threads.h"

namespace mn::sim {

namespace {

void RawStore(void* addr, ValueType type, Word value) {
  std::memcpy(addr, &value, type.size);
}

bool Acquires(std::memory_order o) {
  return o == std::memory_order_acquire || o == std::memory_order_acq_rel ||
         o == std::memory_order_seq_cst || o == std::memory_order_consume;
}

bool Releases(std::memory_order o) {
  return o == std::memory_order_release || o == std::memory_order_acq_rel ||
         o == std::memory_order_seq_cst;
}

// Memory has changed: whoever spins may look again.
void News(int by) {
  execution.idle_releases = 0;
  for (int i = 0; i < execution.nthreads; i++) {
    if (i != by) threads[i].spins = 0;
  }
}

void WriteMemory(Location& l, int by, void* addr, ValueType type, Word value,
                 std::uint64_t writer) {
  RawStore(addr, type, value);
  l.last_write = Mix(l.last_write, writer);
  execution.events += Mix(l.last_write, 0xF00D);
  News(by);
}

// What a reader of this thread's store synchronises with; a release ends an
// epoch of the thread.
Clock SyncOf(Thread& t, std::memory_order order) {
  if (!Releases(order)) return t.released;
  const Clock sync = t.clock;
  t.clock.at[execution.current]++;
  return sync;
}

// Step, and notes the use. `drains`: it empties the store buffer.
Location& StepAt(const void* addr, bool write, bool drains, Where where) {
  Location& l = FindLocation(addr);
  Step(l.contended || (drains && Current().buffered > 0), where);
  if (NoteAtomic(l, write, execution.current, Current().clock) &&
      !l.contended) {
    l.contended = true;
    // Choices have been missed, but only a search for all of them minds.
    if (execution.strategy->Exhaustive()) Leave(Outcome::kLearned);
  }
  return l;
}

}  // namespace

void Flush(int thread) {
  Thread& t = threads[thread];
  const Buffered b = t.buffer[0];
  for (int i = 1; i < t.buffered; i++) t.buffer[i - 1] = t.buffer[i];
  t.buffered--;
  Location& l = FindLocation(b.addr);
  Record(Verb::kReach, b.where, b.addr, b.type, RawLoad(b.addr, b.type),
         b.value, std::memory_order_relaxed, thread);
  l.sync = b.sync;
  WriteMemory(l, thread, b.addr, b.type, b.value, b.hash);
}

void AcquireFrom(Thread& t, const Location& l, std::memory_order order) {
  if (Acquires(order)) {
    t.clock.Join(l.sync);
  } else {
    t.to_acquire.Join(l.sync);
  }
}

Word OpLoad(const void* addr, ValueType type, std::memory_order order,
            Where where) {
  if (Outside()) return RawLoad(addr, type);
  Location& l = StepAt(addr, false, false, where);
  Thread& t = Current();
  for (int i = t.buffered - 1; i >= 0; i--) {
    if (t.buffer[i].addr == addr) {
      Happens(t, 1, 0);
      Record(Verb::kReadOwn, where, addr, type, t.buffer[i].value, 0, order, -1,
             !l.contended);
      return t.buffer[i].value;
    }
  }
  const Word value = RawLoad(addr, type);
  AcquireFrom(t, l, order);
  Happens(t, 2, l.last_write);
  Record(Verb::kRead, where, addr, type, value, 0, order, -1, !l.contended);
  return value;
}

void OpStore(void* addr, ValueType type, Word value, std::memory_order order,
             Where where) {
  if (Outside()) return RawStore(addr, type, value);
  Location& l = StepAt(addr, true, order == std::memory_order_seq_cst, where);
  Thread& t = Current();
  const Clock sync = SyncOf(t, order);
  Happens(t, 3, reinterpret_cast<std::uintptr_t>(addr));
  if (execution.settings->memory == Memory::kTso) {
    if (order == std::memory_order_seq_cst) {
      Drain(execution.current);
    } else if (t.buffered > 0 || AskWhether(PointKind::kDelay, l.contended)) {
      if (t.buffered == kBufferSize) Flush(execution.current);
      t.buffer[t.buffered++] = {addr, type, value, sync, t.hash, where};
      Record(Verb::kBuffer, where, addr, type, RawLoad(addr, type), value,
             order);
      return;
    }
  }
  Record(Verb::kWrite, where, addr, type, RawLoad(addr, type), value, order, -1,
         !l.contended);
  l.sync = sync;
  WriteMemory(l, execution.current, addr, type, value, t.hash);
}

Word OpRmw(void* addr, ValueType type, Rmw what, Word operand,
           std::memory_order order, Where where) {
  const auto apply = [&](Word old) {
    switch (what) {
      case Rmw::kExchange:
        return operand;
      case Rmw::kAdd:
        return old + operand;
      case Rmw::kSub:
        return old - operand;
      case Rmw::kOr:
        return old | operand;
      case Rmw::kAnd:
        return old & operand;
    }
    return operand;
  };
  if (Outside()) {
    const Word old = RawLoad(addr, type);
    RawStore(addr, type, apply(old));
    return old;
  }
  Location& l = StepAt(addr, true, true, where);
  Drain(execution.current);
  Thread& t = Current();
  const Word old = RawLoad(addr, type);
  AcquireFrom(t, l, order);
  l.sync.Join(SyncOf(t, order));  // goes on with the release sequence
  Happens(t, 4, l.last_write);
  Record(static_cast<Verb>(static_cast<int>(Verb::kExchange) +
                           static_cast<int>(what)),
         where, addr, type, old, apply(old), order, -1, !l.contended);
  WriteMemory(l, execution.current, addr, type, apply(old), t.hash);
  return old;
}

bool OpCas(void* addr, ValueType type, Word* expected, Word desired,
           std::memory_order success, std::memory_order failure, Where where) {
  if (Outside()) {
    const Word old = RawLoad(addr, type);
    if (old != *expected) {
      *expected = old;
      return false;
    }
    RawStore(addr, type, desired);
    return true;
  }
  Location& l = StepAt(addr, true, true, where);
  Drain(execution.current);
  Thread& t = Current();
  const Word old = RawLoad(addr, type);
  if (old != *expected) {
    AcquireFrom(t, l, failure);
    Happens(t, 5, l.last_write);
    Record(Verb::kCasFails, where, addr, type, *expected, old, failure);
    *expected = old;
    return false;
  }
  AcquireFrom(t, l, success);
  l.sync.Join(SyncOf(t, success));
  Happens(t, 6, l.last_write);
  Record(Verb::kCasOk, where, addr, type, old, desired, success, -1,
         !l.contended);
  WriteMemory(l, execution.current, addr, type, desired, t.hash);
  return true;
}

void OpFence(Where where) {
  if (Outside()) return;
  Step(Current().buffered > 0, where);
  Drain(execution.current);
  Thread& t = Current();
  t.clock.Join(t.to_acquire);
  t.released = t.clock;
  t.clock.at[execution.current]++;
  Happens(t, 7, 0);
  Record(Verb::kFence, where);
}

}  // namespace mn::sim
