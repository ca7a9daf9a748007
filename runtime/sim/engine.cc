#include "runtime/sim/engine.h"

#include <signal.h>
#include <ucontext.h>

#include <boost/context/detail/fcontext.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "runtime/sim/arena.h"
#include "runtime/sim/hash.h"
#include "runtime/sim/locations.h"

namespace mn::sim {

namespace {

namespace ctx = boost::context::detail;

constexpr std::size_t kStackSize = 128 * 1024;
constexpr int kBufferSize = 8;
constexpr int kSpinBudget = 1;      // CpuRelax without news before others must
constexpr int kIdleReleases = 100;  // ... and before it is called a livelock
constexpr int kTurn = 1000;  // steps in a row before others must have one
constexpr std::int64_t kLookNs = 150'000;  // a look at the clock takes that

struct Buffered {
  void* addr;
  ValueType type;
  Word value;
  Clock sync;
  std::uint64_t hash;
  Where where;
};

struct Thread {
  enum State : std::uint8_t { kFree, kReady, kBlocked, kAwaiting, kEnded };
  State state = kFree;
  bool daemon = false;
  bool relaxing = false;      // at a CpuRelax
  bool relaxed_last = false;  // its last operation was one
  bool timed_out = false;
  std::uint8_t spins = 0;  // CpuRelaxes since another thread wrote
  int buffered = 0;
  int turn = 0;  // steps since it was switched to
  ctx::fcontext_t context = nullptr;
  void (*run)(void*) = nullptr;
  void* arg = nullptr;
  const char* name = "";
  const void* key = nullptr;  // what it is blocked on, or awaits
  ValueType await_type{};
  Word await_value = 0;
  std::int64_t deadline = 0;  // 0: none
  std::uint64_t since = 0;    // order of blocking
  std::int64_t looks = 0;     // at the clock
  std::uint64_t hash = 0;     // its history
  Where where{};              // of the operation it is at
  Clock clock;
  Clock to_acquire;  // seen by relaxed loads; an acquire fence takes it
  Clock released;    // at its last release fence
  Buffered buffer[kBufferSize];
  void* slot[4] = {};  // its thread_locals
};

alignas(4096) char stacks[kMaxThreads][kStackSize];

struct Engine {
  bool running = false;  // an execution, past its setup
  int now = -1;          // the thread on the CPU; -1: the explorer itself
  int nthreads = 0;
  Thread threads[kMaxThreads];
  ctx::fcontext_t outside = nullptr;
  Strategy* strategy = nullptr;
  const Settings* settings = nullptr;
  bool every_step = false;
  std::uint32_t choices = 0;
  std::uint64_t events = 0;  // commutative hash of all of them
  std::uint64_t block_order = 0;
  int idle_releases = 0;
  std::int64_t time_base = 0;
  bool preempting = false;  // the switch under way was not voluntary
  Result result;
  void** slots[4] = {};
  int nslots = 0;

  Thread& Now() { return threads[now]; }
};

Engine engine;

// ---- reports ---------------------------------------------------------------

void Record(Verb verb, Where where, const void* addr = nullptr,
            ValueType type = {}, Word before = 0, Word after = 0,
            std::memory_order order = std::memory_order_relaxed,
            int thread = -1, bool quiet = false) {
  engine.result.steps++;
  if (!engine.settings->record) return;
  const OutsideArena outside;
  engine.result.rows.push_back(
      {static_cast<std::uint8_t>(thread < 0 ? engine.now : thread), verb, order,
       type, quiet, engine.preempting, addr, before, after, where, nullptr});
  engine.preempting = false;
}

[[noreturn]] void Leave(Outcome outcome) {
  UseArena(-1);
  engine.result.outcome = outcome;
  engine.now = -1;
  ctx::jump_fcontext(engine.outside, nullptr);
  std::abort();  // nobody comes back here
}

// ---- choices ---------------------------------------------------------------

// Mixed into the state: what each thread's history does not say.
std::uint64_t State(PointKind kind, int current) {
  std::uint64_t s =
      Mix(engine.events, static_cast<std::uint64_t>(kind) * 64 +
                             static_cast<std::uint64_t>(current + 1));
  for (int i = 0; i < engine.nthreads; i++) {
    const Thread& t = engine.threads[i];
    s = s * 32 + static_cast<std::uint64_t>(t.spins) * 4 +
        (t.state == Thread::kAwaiting ? 2u : 0u) + t.relaxing;
  }
  return Mix(s, static_cast<std::uint64_t>(engine.nthreads));
}

int Ask(PointKind kind, const Option* options, int n, int current) {
  const std::uint32_t at = engine.choices++;
  if (n == 1) return 0;
  const int pick =
      engine.strategy->Pick({kind, at, State(kind, current)}, options, n);
  if (pick == Strategy::kPrune) Leave(Outcome::kPruned);
  if (pick != 0) {
    const OutsideArena outside;
    engine.result.schedule.push_back({at, static_cast<std::uint8_t>(pick)});
  }
  engine.result.preemptions += options[pick].preemption;
  return pick;
}

// Yes or no, no being free.
bool AskWhether(PointKind kind, bool worth_it) {
  if (!worth_it && !engine.every_step) {
    engine.choices++;
    return false;
  }
  const auto self = static_cast<std::uint8_t>(engine.now);
  const Option options[] = {{Option::kValue, self, 0, 0},
                            {Option::kValue, self, 0, 1}};
  return Ask(kind, options, 2, engine.now) != 0;
}

// ---- memory ----------------------------------------------------------------

Word RawLoad(const void* addr, ValueType type) {
  Word word = 0;
  std::memcpy(&word, addr, type.size);
  return word;
}

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

// The thread has done something: its history grows.
void Happens(Thread& t, std::uint64_t what, std::uint64_t depends_on) {
  t.hash = Mix(Mix(t.hash, what), depends_on);
  engine.events += Mix(t.hash, 0x5EED);
  t.relaxed_last = false;
}

// Memory has changed: whoever spins may look again.
void News(int by) {
  engine.idle_releases = 0;
  for (int i = 0; i < engine.nthreads; i++) {
    if (i != by) engine.threads[i].spins = 0;
  }
}

void WriteMemory(Location& l, int by, void* addr, ValueType type, Word value,
                 std::uint64_t writer) {
  RawStore(addr, type, value);
  l.last_write = Mix(l.last_write, writer);
  engine.events += Mix(l.last_write, 0xF00D);
  News(by);
}

// The oldest buffered store of thread t reaches memory.
void Flush(int thread) {
  Thread& t = engine.threads[thread];
  const Buffered b = t.buffer[0];
  for (int i = 1; i < t.buffered; i++) t.buffer[i - 1] = t.buffer[i];
  t.buffered--;
  Location& l = FindLocation(b.addr);
  Record(Verb::kReach, b.where, b.addr, b.type, RawLoad(b.addr, b.type),
         b.value, std::memory_order_relaxed, thread);
  l.sync = b.sync;
  WriteMemory(l, thread, b.addr, b.type, b.value, b.hash);
}

void Drain(int thread) {
  while (engine.threads[thread].buffered > 0) Flush(thread);
}

void AcquireFrom(Thread& t, const Location& l, std::memory_order order) {
  if (Acquires(order)) {
    t.clock.Join(l.sync);
  } else {
    t.to_acquire.Join(l.sync);
  }
}

// What a reader of this thread's store synchronises with; a release ends an
// epoch of the thread.
Clock SyncOf(Thread& t, std::memory_order order) {
  if (!Releases(order)) return t.released;
  const Clock sync = t.clock;
  t.clock.at[engine.now]++;
  return sync;
}

// ---- threads ---------------------------------------------------------------

void OnArrival(ctx::transfer_t from) {
  if (from.data != nullptr) {
    static_cast<Thread*>(from.data)->context = from.fctx;
  } else {
    engine.outside = from.fctx;
  }
}

void SaveSlots(Thread& t) {
  for (int i = 0; i < engine.nslots; i++) t.slot[i] = *engine.slots[i];
}

void LoadSlots(const Thread& t) {
  for (int i = 0; i < engine.nslots; i++) *engine.slots[i] = t.slot[i];
}

void SwitchToThread(int to) {
  Thread* from = engine.now < 0 ? nullptr : &engine.Now();
  if (from != nullptr) SaveSlots(*from);
  engine.now = to;
  LoadSlots(engine.Now());
  UseArena(to + 1);
  engine.Now().turn = 0;
  OnArrival(ctx::jump_fcontext(engine.Now().context, from));
}

bool CanGo(const Thread& t) {
  if (t.state == Thread::kAwaiting) {
    return RawLoad(t.key, t.await_type) == t.await_value;
  }
  return t.state == Thread::kReady && !(t.relaxing && t.spins > kSpinBudget);
}

[[noreturn]] void ReportDeadlock() {
  std::string text;
  {
    const OutsideArena outside;
    for (int i = 0; i < engine.nthreads; i++) {
      const Thread& t = engine.threads[i];
      if (t.state != Thread::kBlocked && t.state != Thread::kAwaiting) {
        continue;
      }
      if (!text.empty()) text += "; ";
      const char* slash = std::strrchr(t.where.file, '/');
      text += std::string(t.name) + " waits in " +
              (slash != nullptr ? slash + 1 : t.where.file);
      if (t.where.line != 0) text += ":" + std::to_string(t.where.line);
    }
    UseArena(-1);
    Violate("deadlock", text.c_str());
  }
}

// Nobody can go and no buffered store is left: what ends, or goes on after all.
void Idle() {
  bool released = false;
  for (int i = 0; i < engine.nthreads; i++) {
    Thread& t = engine.threads[i];
    if (t.state == Thread::kReady) {
      t.spins = 0;
      released = true;
    }
  }
  if (released) {
    if (++engine.idle_releases > kIdleReleases) {
      Violate("livelock", "every thread that could run spins for ever");
    }
    return;
  }
  Thread* first = nullptr;
  for (int i = 0; i < engine.nthreads; i++) {
    Thread& t = engine.threads[i];
    if (t.state == Thread::kBlocked && t.deadline != 0 &&
        (first == nullptr || t.deadline < first->deadline)) {
      first = &t;
    }
  }
  if (first != nullptr) {
    if (engine.time_base < first->deadline) {
      engine.time_base = first->deadline;
    }
    engine.events = Mix(engine.events, 0x71E);
    first->state = Thread::kReady;
    first->timed_out = true;
    return;
  }
  for (int i = 0; i < engine.nthreads; i++) {
    const Thread& t = engine.threads[i];
    if ((t.state == Thread::kBlocked && !t.daemon) ||
        t.state == Thread::kAwaiting) {
      ReportDeadlock();
    }
  }
  Leave(Outcome::kDone);
}

// The buffers of the other threads, as options.
int AddFlushes(Option* options, int n, int but) {
  for (int i = 0; i < engine.nthreads; i++) {
    if (i != but && engine.threads[i].buffered > 0) {
      options[n++] = {Option::kFlush, static_cast<std::uint8_t>(i), 0, 0};
    }
  }
  return n;
}

void BuffersAfterSwitch() {
  for (;;) {
    Option options[kMaxOptions];
    options[0] = {Option::kRun, static_cast<std::uint8_t>(engine.now), 0, 0};
    const int n = AddFlushes(options, 1, engine.now);
    if (n == 1) return;
    const Option& o =
        options[Ask(PointKind::kAfterSwitch, options, n, engine.now)];
    if (o.kind == Option::kRun) return;
    Flush(o.arg);
  }
}

// Who goes on? Returns in the thread that called once it is its turn.
void PickNext() {
  for (;;) {
    const bool have = engine.now >= 0;
    const bool can_go = have && CanGo(engine.Now());
    const bool free = !can_go || engine.Now().relaxing;
    Option options[kMaxOptions];
    int n = 0;
    const auto self = static_cast<std::uint8_t>(have ? engine.now : 0);
    // Whoever yields comes last.
    if (can_go && !free) options[n++] = {Option::kRun, self, 0, 0};
    for (int k = 1; k <= engine.nthreads; k++) {
      const int i = (engine.now + k) % engine.nthreads;
      if (i == engine.now || !CanGo(engine.threads[i])) continue;
      options[n++] = {Option::kRun, static_cast<std::uint8_t>(i), !free, 0};
    }
    if (can_go && free) options[n++] = {Option::kRun, self, 0, 0};
    n = AddFlushes(options, n, can_go ? engine.now : -1);
    if (n == 0) {
      Idle();
      continue;
    }
    const Option o =
        options[Ask(PointKind::kThread, options, n, free ? -1 : engine.now)];
    if (o.kind == Option::kFlush) {
      Flush(o.arg);
      continue;
    }
    if (o.arg == engine.now) return;
    engine.preempting = o.preemption != 0;
    SwitchToThread(o.arg);
    if (!have) return;  // the explorer itself: an execution is over
    BuffersAfterSwitch();
    return;
  }
}

// Before an operation of the current thread. `visible`: another thread may
// notice it.
void Step(bool visible, Where where) {
  Thread& t = engine.Now();
  t.where = where;
  if (engine.result.steps > engine.settings->max_steps) {
    Violate("livelock", "the execution does not end");
  }
  if (++t.turn > kTurn && !t.relaxing) {
    // Waits for another thread without saying so; the processor would be fair.
    t.turn = 0;
    t.relaxing = true;
    t.spins = kSpinBudget + 1;
    PickNext();
    t.relaxing = false;
  } else if (visible || engine.every_step) {
    PickNext();
  } else {
    engine.choices++;
  }
}

// Step, and notes the use. `drains`: it empties the store buffer.
Location& StepAt(const void* addr, bool write, bool drains, Where where) {
  Location& l = FindLocation(addr);
  Step(l.contended || (drains && engine.Now().buffered > 0), where);
  if (NoteAtomic(l, write, engine.now, engine.Now().clock) && !l.contended) {
    l.contended = true;
    // Choices have been missed, but only a search for all of them minds.
    if (engine.strategy->Exhaustive()) Leave(Outcome::kLearned);
  }
  return l;
}

void BlockNow(const void* key, std::int64_t deadline) {
  Thread& t = engine.Now();
  t.state = Thread::kBlocked;
  t.key = key;
  t.deadline = deadline;
  t.since = engine.block_order++;
  t.timed_out = false;
  PickNext();
}

// A change of who waits on a key: part of the history of both sides.
void QueueEvent(const void* key, std::uint64_t what) {
  Location& queue = FindLocation(static_cast<const char*>(key) + 1);
  Happens(engine.Now(), what, queue.last_write);
  queue.last_write = Mix(queue.last_write, engine.Now().hash);
  engine.events += Mix(queue.last_write, 0xCAFE);
}

void WakeOn(const void* key, int n, Where where) {
  Drain(engine.now);
  QueueEvent(key, 8);
  for (; n > 0; n--) {
    int oldest = -1;
    for (int i = 0; i < engine.nthreads; i++) {
      const Thread& t = engine.threads[i];
      if (t.state == Thread::kBlocked && t.key == key &&
          (oldest < 0 || t.since < engine.threads[oldest].since)) {
        oldest = i;
      }
    }
    Record(Verb::kWake, where, key, {}, 0, static_cast<Word>(oldest + 1));
    if (oldest < 0) return;
    engine.threads[oldest].state = Thread::kReady;
  }
}

void ThreadEntry(ctx::transfer_t from) {
  OnArrival(from);
  Thread& t = engine.Now();
  t.run(t.arg);
  Step(t.buffered > 0, t.where);
  Drain(engine.now);
  Happens(t, 9, 0);
  Record(Verb::kEnd, t.where);
  t.state = Thread::kEnded;
  PickNext();
  std::abort();
}

bool Outside() { return engine.now < 0; }

// A mistake in the sources may follow a null pointer.
void OnFault(int, siginfo_t* info, void* context) {
  if (Outside()) {
    std::signal(SIGSEGV, SIG_DFL);
    return;  // the explorer's own: again, and for good
  }
  // The registers' order is the kernel's; only x86-64 names the place.
  const void* pc = nullptr;
#if defined(__x86_64__)
  pc = reinterpret_cast<const void*>(
      static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] + 1);
#endif
  (void)context;
  UseArena(-1);
  char text[512];
  std::snprintf(text, sizeof text, "%s touches address %p at %s",
                engine.Now().name, info->si_addr, SourceOf(pc).c_str());
  Violate("crash", text);
}

void CatchFaults() {
  static bool done = false;
  if (done) return;
  done = true;
  alignas(16) static char stack[64 * 1024];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = OnFault;
  // The handler does not return, so the signal must not stay blocked.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

// ---- what atomics, hosts and models call -----------------------------------

void Violate(const char* kind, const char* text) {
  {
    const OutsideArena outside;
    if (engine.result.kind.empty()) {
      engine.result.kind = kind;
      engine.result.text = text;
    }
  }
  engine.result.outcome = Outcome::kViolation;
  if (!Outside()) Leave(Outcome::kViolation);
  if (engine.running) {
    engine.running = false;
    throw Outcome::kViolation;  // from check; Execute catches it
  }
  std::fprintf(stderr, "sim: %s during setup: %s\n", kind, text);
  std::abort();
}

Word OpLoad(const void* addr, ValueType type, std::memory_order order,
            Where where) {
  if (Outside()) return RawLoad(addr, type);
  Location& l = StepAt(addr, false, false, where);
  Thread& t = engine.Now();
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
  Thread& t = engine.Now();
  const Clock sync = SyncOf(t, order);
  Happens(t, 3, reinterpret_cast<std::uintptr_t>(addr));
  if (engine.settings->memory == Memory::kTso) {
    if (order == std::memory_order_seq_cst) {
      Drain(engine.now);
    } else if (t.buffered > 0 || AskWhether(PointKind::kDelay, l.contended)) {
      if (t.buffered == kBufferSize) Flush(engine.now);
      t.buffer[t.buffered++] = {addr, type, value, sync, t.hash, where};
      Record(Verb::kBuffer, where, addr, type, RawLoad(addr, type), value,
             order);
      return;
    }
  }
  Record(Verb::kWrite, where, addr, type, RawLoad(addr, type), value, order, -1,
         !l.contended);
  l.sync = sync;
  WriteMemory(l, engine.now, addr, type, value, t.hash);
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
  Drain(engine.now);
  Thread& t = engine.Now();
  const Word old = RawLoad(addr, type);
  AcquireFrom(t, l, order);
  l.sync.Join(SyncOf(t, order));  // goes on with the release sequence
  Happens(t, 4, l.last_write);
  Record(static_cast<Verb>(static_cast<int>(Verb::kExchange) +
                           static_cast<int>(what)),
         where, addr, type, old, apply(old), order, -1, !l.contended);
  WriteMemory(l, engine.now, addr, type, apply(old), t.hash);
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
  Drain(engine.now);
  Thread& t = engine.Now();
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
  WriteMemory(l, engine.now, addr, type, desired, t.hash);
  return true;
}

void OpFence(Where where) {
  if (Outside()) return;
  Step(engine.Now().buffered > 0, where);
  Drain(engine.now);
  Thread& t = engine.Now();
  t.clock.Join(t.to_acquire);
  t.released = t.clock;
  t.clock.at[engine.now]++;
  Happens(t, 7, 0);
  Record(Verb::kFence, where);
}

void OpRelax(Where where) {
  if (Outside() || engine.Now().relaxed_last) return;
  Thread& t = engine.Now();
  t.relaxing = true;
  t.spins++;
  Step(true, where);
  t.relaxing = false;
  Happens(t, 10, 0);
  t.relaxed_last = true;
  Record(Verb::kRelax, where);
}

void OpAwait(const void* addr, ValueType type, Word value, Where where) {
  if (Outside()) return;
  Location& l = FindLocation(addr);
  l.contended = true;
  Step(true, where);
  Drain(engine.now);
  Thread& t = engine.Now();
  if (RawLoad(addr, type) != value) {
    Record(Verb::kAwait, where, addr, type, value);
    t.key = addr;
    t.await_type = type;
    t.await_value = value;
    t.state = Thread::kAwaiting;
    PickNext();
    t.state = Thread::kReady;
  }
  AcquireFrom(t, l, std::memory_order_acquire);
  Happens(t, 21, l.last_write);
  Record(Verb::kRead, where, addr, type, value, 0, std::memory_order_acquire);
}

void OpFutexWait(const void* addr, ValueType type, Word expected,
                 std::int64_t ns, Where where) {
  if (Outside()) return;
  Location& l = FindLocation(addr);
  Step(true, where);
  Drain(engine.now);
  Thread& t = engine.Now();
  Happens(t, 11, l.last_write);
  if (RawLoad(addr, type) != expected) {
    Record(Verb::kNoSleep, where, addr, type, RawLoad(addr, type));
    return;
  }
  if (AskWhether(PointKind::kEarlyReturn, true)) {
    Happens(t, 12, 0);
    Record(Verb::kEarly, where, addr);
    return;
  }
  QueueEvent(addr, 13);
  Record(Verb::kSleep, where, addr);
  BlockNow(addr, ns < 0 ? 0 : OpNanotime() + ns);
  QueueEvent(addr, t.timed_out ? 20 : 14);
  Record(t.timed_out ? Verb::kTimeout : Verb::kWoken, where, addr);
}

void OpFutexWake(const void* addr, int n, Where where) {
  if (Outside()) return;
  Step(true, where);
  WakeOn(addr, n, where);
}

void OpBlock(const void* key, std::int64_t deadline, Where where) {
  if (Outside()) return;
  Step(true, where);
  Drain(engine.now);
  QueueEvent(key, 15);
  Record(Verb::kSleep, where, key);
  BlockNow(key, deadline);
  QueueEvent(key, engine.Now().timed_out ? 16 : 17);
  Record(engine.Now().timed_out ? Verb::kTimeout : Verb::kWoken, where, key);
}

void OpUnblock(const void* key, Where where) {
  if (Outside()) return;
  Step(true, where);
  WakeOn(key, kMaxThreads, where);
}

std::int64_t OpNanotime() {
  if (Outside()) return 1;
  Thread& t = engine.Now();
  return engine.time_base + ++t.looks * kLookNs;
}

void OpPlain(const void* addr, std::size_t size, bool write, const void* pc) {
  if (Outside() || !engine.running) return;
  for (int i = 0; i < engine.nslots; i++) {
    if (addr == engine.slots[i]) return;  // each thread has its own
  }
  const Race race =
      NotePlain(addr, size, write, engine.now, engine.Now().clock, pc);
  if (engine.settings->record) {
    for (const Named& named : engine.result.names) {
      const auto at = reinterpret_cast<std::uintptr_t>(addr);
      const auto base = reinterpret_cast<std::uintptr_t>(named.addr);
      if (!named.show || at - base >= named.size) continue;
      const ValueType type{static_cast<std::uint8_t>(size < 8 ? size : 8),
                           size == 8 ? Form::kPointer : Form::kSigned};
      Record(write ? Verb::kPlainWrite : Verb::kPlainRead, {nullptr, 0}, addr,
             type, RawLoad(addr, type));
      const OutsideArena outside;
      engine.result.rows.back().text = static_cast<const char*>(pc);
      break;
    }
  }
  if (race.with < 0) return;
  const OutsideArena outside;
  engine.result.kind = "data race";
  engine.result.text =
      DescribeRace(race, write, pc, engine.Now().name,
                   engine.threads[race.with].name, addr, engine.result.names);
  UseArena(-1);
  Leave(Outcome::kViolation);
}

void PlainAccess(const void* addr, std::size_t size, bool write) {
  OpPlain(addr, size, write, __builtin_return_address(0));
}

int Spawn(const char* name, void (*run)(void*), void* arg, bool daemon) {
  if (engine.nthreads == kMaxThreads) {
    Violate("model", "too many threads");
  }
  if (!Outside()) {  // a system call
    Step(engine.Now().buffered > 0, engine.Now().where);
    Drain(engine.now);
  }
  const int id = engine.nthreads++;
  Thread& t = engine.threads[id];
  t = Thread{};
  t.state = Thread::kReady;
  t.daemon = daemon;
  t.name = name;
  t.run = run;
  t.arg = arg;
  t.context =
      ctx::make_fcontext(stacks[id] + kStackSize, kStackSize, ThreadEntry);
  t.hash = Mix(static_cast<std::uint64_t>(id) + 1, 0);
  if (!Outside()) {
    Thread& parent = engine.Now();
    t.clock = parent.clock;
    parent.clock.at[engine.now]++;
    Happens(parent, 18, 0);
    t.hash = Mix(t.hash, parent.hash);
  }
  t.clock.at[id]++;
  {
    const OutsideArena outside;
    engine.result.threads.push_back(name);
  }
  return id;
}

int ThreadId() { return engine.now; }

void PerThread(void** slot) { engine.slots[engine.nslots++] = slot; }

void Expect(bool cond, const char* what) {
  if (!cond) Violate("expectation", what);
}

int Choose(int n) {
  Option options[kMaxOptions];
  for (int i = 0; i < n; i++) {
    options[i] = {Option::kValue, static_cast<std::uint8_t>(engine.now), 0, 0};
  }
  const int pick = Ask(PointKind::kValue, options, n, engine.now);
  Happens(engine.Now(), 19, static_cast<std::uint64_t>(pick));
  return pick;
}

void Name(const void* addr, std::size_t size, const char* name, int index,
          bool show) {
  if (!engine.settings->record) return;
  const OutsideArena outside;
  engine.result.names.push_back({addr, size, name, index, show});
}

void Say(const char* what, const void* object) {
  if (Outside() || !engine.settings->record) return;
  Record(Verb::kSay, {nullptr, 0}, object);
  engine.result.rows.back().text = what;
}

void Unlearn() { ForgetLocations(); }

Result Execute(const Config& config, const Settings& settings,
               Strategy& strategy) {
  engine.result = Result{};
  engine.settings = &settings;
  engine.strategy = &strategy;
  engine.every_step = strategy.EveryStep();
  engine.nthreads = 0;
  engine.choices = 0;
  engine.events = 0;
  engine.block_order = 0;
  engine.idle_releases = 0;
  engine.time_base = 0;
  engine.preempting = false;
  engine.now = -1;
  engine.running = false;
  CatchFaults();
  StartLocations();
  ResetArenas();
  strategy.Begin();
  UseArena(0);
  config.setup();
  UseArena(-1);
  engine.running = true;
  PickNext();  // comes back by Leave
  // Thread 0's view is as good as any now: nothing runs any more.
  if (engine.result.outcome == Outcome::kDone && config.check != nullptr) {
    try {
      config.check();
    } catch (Outcome) {
    }
  }
  engine.running = false;
  return std::move(engine.result);
}

}  // namespace mn::sim
