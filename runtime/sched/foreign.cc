// Callback and ForeignPool: see runtime/foreign.h.
//
// A callback on a thread of ours: the goroutine that made the foreign call gets
// its P back, pinned, since the C frames below it stand on this thread.
//
// A callback on a foreign thread: it borrows an M, whose g0 is the thread's own
// stack, and runs a new goroutine that is pinned to it, by the very loop that
// our own threads run (ScheduleUntilEnded). The M stays with the thread until
// that ends: thread-local state of the runtime's own is set up once.
//
// Invariants:
//   CGO-1 the thread of a foreign call runs nothing else;
//   CGO-2 the P of a foreign call is left in the call, or handed off
//         (sched/syscall.cc);
//   CGO-3 n calls that block have n threads;
//   CGO-4 a pool of k has at most k calls in progress;
//   CGO-5 a call that waits for its turn can be cancelled.
#include "runtime/foreign.h"

#include <pthread.h>

#include <algorithm>
#include <deque>
#include <exception>

#include "runtime/core/getg.h"
#include "runtime/core/in_runtime.h"
#include "runtime/ctx/stack.h"
#include "runtime/ctx/switch.h"
#include "runtime/sched/idle.h"
#include "runtime/sched/park.h"
#include "runtime/sched/runtime_call.h"
#include "runtime/sched/schedule.h"
#include "runtime/sched/spawn.h"
#include "runtime/sched/threads.h"

namespace mn {

namespace {

// ---- threads that are not ours ----------------------------------------------

// The thread ends: its M goes back.
void DropM(void* arg) {
  M* m = static_cast<M*>(arg);
  EnterRuntime();
  tls_m = nullptr;
  LeaveThreadStack(m);
  RemoveSignalStack(m->signal_stack);
  FreeM(m);
  LeaveRuntime();
}

pthread_key_t DropKey() {
  static const pthread_key_t key = [] {
    pthread_key_t k;
    if (pthread_key_create(&k, DropM) != 0) {
      Throw("no pthread key is left for foreign threads", "mn::Callback");
    }
    return k;
  }();
  return key;
}

// The calling thread becomes an M.
M* NeedExtraM() {
  // acquire: pairs with the release in Main.
  if (!sched.running.load(memory_order_acquire)) {
    Throw("mn::Callback was called before mn::Main", "callback too early");
  }
  M* m = AllocM(/*foreign=*/true);
  MInit(m);
  LeaveRuntime();
  pthread_setspecific(DropKey(), m);
  return m;
}

struct ForeignCall {
  void (*run)(void*);
  void* arg;
  std::exception_ptr error;
};

void RunForeignCall(void* arg) {
  auto* call = *static_cast<ForeignCall**>(arg);
  try {
    call->run(call->arg);
  } catch (...) {
    call->error = std::current_exception();
    if (call->error == nullptr) {  // no C++ exception
      Throw("pthread_exit was called inside mn::Callback; return instead",
            "pthread_exit inside a callback");
    }
  }
}

// The thread cannot be cancelled meanwhile: that would unwind a goroutine that
// holds a P, or is about to be woken, without a word to the scheduler.
void CallbackOnForeignThread(M* m, void (*run)(void*), void* arg) {
  ForeignCall call{run, arg, nullptr};
  int cancel = 0;
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
  EnterRuntime();
  G* gp = NewForeignG(sizeof(ForeignCall*));
  *static_cast<ForeignCall**>(gp->arg) = &call;
  gp->fn = RunForeignCall;
  gp->lockedm = m;
  m->lockedg = gp;
  m->ending = false;
  m->locked_int = 1;
  SetStatus(gp, GStatus::kIdle, GStatus::kRunnable);
  InjectGlobal(gp);
  ScheduleUntilEnded(m);
  m->ending = false;
  m->locked_int = 0;
  LeaveRuntime();
  ::pthread_setcancelstate(cancel, nullptr);
  if (call.error != nullptr) std::rethrow_exception(call.error);
}

// ---- threads of ours, inside a foreign call

class CallbackOnGoroutine {
 public:
  CallbackOnGoroutine() {
    EnterRuntime();
    M* m = getm();
    m->locked_int++;
    m->lockedg = m->curg;
    m->curg->lockedm = m;
    LeaveRuntime();
    internal::ExitSyscall();
  }
  ~CallbackOnGoroutine() {
    internal::EnterSyscall();
    EnterRuntime();
    M* m = getm();
    if (--m->locked_int == 0 && m->locked_ext == 0) {
      m->lockedg = nullptr;
      m->curg->lockedm = nullptr;
    }
    LeaveRuntime();
  }
};

}  // namespace

void internal::Callback(void (*run)(void*), void* arg) {
  M* m = getm();
  if (m == nullptr) m = NeedExtraM();
  if (m->curg == &m->g0) return CallbackOnForeignThread(m, run, arg);
  if (m->curg->status.load(memory_order_relaxed) != GStatus::kSyscall) {
    return run(arg);  // a goroutine with its P (or one that gets it back)
  }
  CallbackOnGoroutine callback;
  run(arg);
}

// ---- ForeignPool

struct ForeignPool::Rep {
  struct Turn {
    G* g;
    bool granted = false;
    bool parked = false;
  };

  explicit Rep(int n) : free(n) {}

  RtMutex lock{LockRank::kObject};
  // guarded by lock
  int free;
  int running = 0;
  std::deque<Turn*> waiting;
};

ForeignPool::ForeignPool(int limit)
    : rep_(std::make_unique<Rep>(limit < 1 ? 1 : limit)) {}

ForeignPool::~ForeignPool() = default;

bool ForeignPool::Enter(std::stop_token stop) {
  Rep::Turn turn;
  {
    ParkingCall call("mn::ForeignPool::Call");
    RtLock lock(rep_->lock);
    if (rep_->free > 0) {
      rep_->free--;
      rep_->running++;
      return true;
    }
    turn.g = call.g();
    rep_->waiting.push_back(&turn);
  }
  // Takes the turn off the queue and wakes its goroutine, unless it has been
  // granted. Runs at once if a stop was requested already.
  std::stop_callback cancel(std::move(stop), [this, &turn] {
    RuntimeCall call("std::stop_source::request_stop");
    rep_->lock.Lock();
    const bool waits = std::erase(rep_->waiting, &turn) != 0;
    const bool parked = turn.parked;
    rep_->lock.Unlock();
    if (waits && parked) Goready(turn.g);
  });
  {
    RuntimeCall call("mn::ForeignPool::Call");
    rep_->lock.Lock();
    const auto& w = rep_->waiting;
    if (std::find(w.begin(), w.end(), &turn) != w.end()) {
      turn.parked = true;
      GoparkUnlock(&rep_->lock, WaitReason::kSemacquire);
    } else {
      rep_->lock.Unlock();
    }
  }
  return turn.granted;
}

void ForeignPool::Leave() {
  RuntimeCall call("mn::ForeignPool::Call");
  rep_->lock.Lock();
  if (rep_->waiting.empty()) {
    rep_->free++;
    rep_->running--;
    rep_->lock.Unlock();
    return;
  }
  Rep::Turn* turn = rep_->waiting.front();
  rep_->waiting.pop_front();
  turn->granted = true;
  const bool parked = turn->parked;
  G* gp = turn->g;
  rep_->lock.Unlock();
  if (parked) Goready(gp);
}

int ForeignPool::Running() const {
  InRuntimeScope scope;
  RtLock lock(rep_->lock);
  return rep_->running;
}

int ForeignPool::Waiting() const {
  InRuntimeScope scope;
  RtLock lock(rep_->lock);
  return static_cast<int>(rep_->waiting.size());
}

}  // namespace mn
