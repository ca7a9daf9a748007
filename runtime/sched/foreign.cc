// Callback and ForeignPool (runtime/foreign.h).
//
// A callback comes on a thread of ours or on a foreign thread.
//
// On a thread of ours a goroutine has made a foreign call. The goroutine gets a
// P back and is pinned meanwhile, since the C frames below the callback stand
// on this thread.
//
// A foreign thread borrows an M, whose g0 is the thread's own stack. A new
// goroutine runs the callback, pinned to the borrowed M, by the same loop that
// our own threads run (ScheduleUntilEnded). The M stays with the thread until
// the thread ends, so the runtime's thread-local state is set up once.
//
// Invariants:
//   CGO-1 The thread of a foreign call runs nothing else.
//   CGO-2 The P of a foreign call is left in the call, or handed off
//         (sched/syscall.cc).
//   CGO-3 n calls that block have n threads.
//   CGO-4 A pool of k has at most k calls in progress.
//   CGO-5 A call that waits for its turn can be cancelled.
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

// The thread ends, and its M goes back. Mirrors: runtime.dropm.
void DropM(void* arg) {
  M* m = static_cast<M*>(arg);
  // FreeM takes sched.lock, and a thread with the lock must not be interrupted.
  EnterRuntime();
  // From here on a signal handler of ours finds no M on this thread.
  tls_m = nullptr;
  LeaveThreadStack(m);
  RemoveSignalStack(m->signal_stack);
  FreeM(m);
  LeaveRuntime();
}

// The key whose destructor is DropM. The destructor of another key may call in
// after DropM. NeedExtraM sets this key again then, so DropM runs again. A
// thread_local object would be destroyed only once.
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

// The calling thread becomes an M. Mirrors: runtime.needm.
M* NeedExtraM() {
  // Before Main there is no P, and the callback would wait for ever.
  // acquire: pairs with the release in Main.
  if (!sched.running.load(memory_order_acquire)) {
    Throw("mn::Callback was called before mn::Main", "callback too early");
  }
  M* m = AllocM(/*foreign=*/true);
  MInit(m);
  // MInit has entered the runtime. The caller has not.
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
    // The exception must not leave the goroutine, or the process would end. The
    // foreign thread throws it again on its own stack.
    call->error = std::current_exception();
    // Null means no C++ exception. The unwinding is pthread_exit's, and the
    // thread would end while its goroutine holds a P.
    if (call->error == nullptr) {
      Throw("pthread_exit was called inside mn::Callback; return instead",
            "pthread_exit inside a callback");
    }
  }
}

// Runs run(arg) on a new goroutine that is pinned to m, and returns when the
// goroutine has ended.
void CallbackOnForeignThread(M* m, void (*run)(void*), void* arg) {
  ForeignCall call{run, arg, nullptr};
  // pthread_cancel would unwind a goroutine that holds a P or is about to be
  // woken, without a word to the scheduler.
  int cancel = 0;
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
  EnterRuntime();
  // Other goroutines come from the free list of a P, and m has no P.
  G* gp = NewForeignG(sizeof(ForeignCall*));
  *static_cast<ForeignCall**>(gp->arg) = &call;
  gp->fn = RunForeignCall;
  // Pinned before any other M can see gp (CGO-1).
  gp->lockedm = m;
  m->lockedg = gp;
  m->ending = false;
  // UnlockOSThread in the callback must not unpin gp, and Goexit must fail.
  m->locked_int = 1;
  SetStatus(gp, GStatus::kIdle, GStatus::kRunnable);
  // An M that holds a P takes gp off the global queue and hands the P off to m,
  // perhaps before m sleeps. The note of m keeps the wake-up.
  InjectGlobal(gp);
  ScheduleUntilEnded(m);
  m->ending = false;
  m->locked_int = 0;
  LeaveRuntime();
  ::pthread_setcancelstate(cancel, nullptr);
  if (call.error != nullptr) std::rethrow_exception(call.error);
}

// ---- threads of ours, inside a foreign call ---------------------------------

// For the duration of a callback, the goroutine of a foreign call has a P and
// is pinned. Mirrors: runtime.cgocallbackg.
class CallbackOnGoroutine {
 public:
  CallbackOnGoroutine() {
    // Pinned before ExitSyscall. A goroutine that finds no P and is not pinned
    // may continue on another thread, and the C frames are on this thread.
    EnterRuntime();
    M* m = getm();
    m->locked_int++;
    m->lockedg = m->curg;
    m->curg->lockedm = m;
    LeaveRuntime();
    internal::ExitSyscall();
  }
  ~CallbackOnGoroutine() {
    // Unpinned after EnterSyscall, which may give way to a preempt request. An
    // unpinned goroutine could come back from there on another thread.
    internal::EnterSyscall();
    EnterRuntime();
    M* m = getm();
    // A LockOSThread of the program's keeps the goroutine pinned.
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
    // No foreign call is in progress. The goroutine has its P, or is detached
    // and gets a P at its next call into the runtime.
    return run(arg);
  }
  CallbackOnGoroutine callback;
  run(arg);
}

// ---- ForeignPool ------------------------------------------------------------

struct ForeignPool::Rep {
  // Lies on the stack of the goroutine that waits. Guarded by lock.
  struct Turn {
    G* g;
    bool granted = false;
    bool parked = false;  // g waits, so whoever ends the wait calls Goready
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
  // CGO-5. Takes the turn off the queue and wakes its goroutine, unless the
  // turn was granted. Runs at once, in the constructor, if a stop was requested
  // already. So the lock is free here.
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
    // While the lock was free, a Leave may have granted the turn, or a stop may
    // have taken the turn off the queue. Nobody would wake the goroutine then.
    if (std::find(w.begin(), w.end(), &turn) != w.end()) {
      // Others see the flag when GoparkUnlock has released the lock. By then
      // the goroutine waits (PARK-5).
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
  // The turn goes straight to the goroutine that has waited longest. `free`
  // stays 0, so a goroutine that comes now waits behind the others. `running`
  // stays, since one call ends and another begins (CGO-4).
  Rep::Turn* turn = rep_->waiting.front();
  rep_->waiting.pop_front();
  turn->granted = true;
  // Read under the lock. The turn is gone as soon as its goroutine runs.
  const bool parked = turn->parked;
  G* gp = turn->g;
  rep_->lock.Unlock();
  if (parked) Goready(gp);
}

// Any thread may ask, also a thread without a P, so this is no RuntimeCall.
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
