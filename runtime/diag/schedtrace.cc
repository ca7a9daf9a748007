#include "runtime/diag/schedtrace.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <string_view>

#include "runtime/core/godebug.h"
#include "runtime/core/nanotime.h"
#include "runtime/core/profile.h"
#include "runtime/core/sched.h"

namespace mn {

namespace {

// Text that never allocates once it is made: a goroutine that preemption found
// inside malloc may wait for sched.lock, which we hold, with malloc's lock
// held.
class Text {
 public:
  explicit Text(std::size_t capacity) { text_.reserve(capacity); }
  __attribute__((format(printf, 2, 3))) void Add(const char* format, ...) {
    char buffer[256];
    va_list args;
    va_start(args, format);
    std::vsnprintf(buffer, sizeof buffer, format, args);
    va_end(args);
    const std::string_view line(buffer);
    if (line.size() <= text_.capacity() - text_.size()) text_ += line;
  }
  void Print() { (void)!::write(STDERR_FILENO, text_.data(), text_.size()); }

 private:
  std::string text_;
};

// An id, or nil. Short enough not to be allocated.
std::string Id(bool there, std::int64_t id) {
  return there ? std::to_string(id) : "nil";
}

// Fields of Ps, Ms and Gs are read while their owners write them: a snapshot
// for people.
__attribute__((no_sanitize("thread"))) void AddG(G* gp, void* out) {
  const GStatus status = gp->status.load(memory_order_relaxed);
  const M* m = status == GStatus::kRunning || status == GStatus::kSyscall ||
                       status == GStatus::kDetached
                   ? gp->m
                   : nullptr;
  const M* locked = gp->lockedm;
  static_cast<Text*>(out)->Add(
      "  G%" PRIu64 ": status=%u(%s) m=%s lockedm=%s\n", gp->goid,
      static_cast<unsigned>(status),
      status == GStatus::kWaiting
          ? WaitReasonText(gp->waitreason.load(memory_order_relaxed))
          : "",
      Id(m != nullptr, m != nullptr ? m->id : 0).c_str(),
      Id(locked != nullptr, locked != nullptr ? locked->id : 0).c_str());
}

__attribute__((no_sanitize("thread"))) void AddDetail(Text& text) {
  for (const P* p : Allp()) {
    const M* m = p->m.load(memory_order_relaxed);
    text.Add(
        "  P%d: status=%u schedtick=%u syscalltick=%u m=%s runqsize=%u "
        "gfreecnt=%u timerslen=%zu\n",
        p->id, static_cast<unsigned>(p->status.load(memory_order_relaxed)),
        p->schedtick.load(memory_order_relaxed),
        p->syscalltick.load(memory_order_relaxed),
        Id(m != nullptr, m != nullptr ? m->id : 0).c_str(),
        p->runq.tail.load(memory_order_relaxed) -
            p->runq.head.load(memory_order_relaxed),
        p->gfree_count, p->timers.Len());
  }
  // Newest first, which is descending by id.
  for (const M* m = sched.allm; m != nullptr; m = m->alllink) {
    const P* p = m->p;
    const G* curg = m->curg;
    const bool user = curg != nullptr && curg != &m->g0;
    text.Add(
        "  M%" PRId64 ": p=%s curg=%s spinning=%s blocked=%s lockedg=%s\n",
        m->id, Id(p != nullptr, p != nullptr ? p->id : 0).c_str(),
        Id(user, user ? static_cast<std::int64_t>(curg->goid) : 0).c_str(),
        m->spinning ? "true" : "false",
        p == nullptr && !user ? "true" : "false",
        Id(m->lockedg != nullptr,
           m->lockedg != nullptr ? static_cast<std::int64_t>(m->lockedg->goid)
                                 : 0)
            .c_str());
  }
  ForEachG(AddG, &text);
}

// Room for a line of every P, M and G, and some that come meanwhile.
std::size_t Capacity(bool detail) {
  std::size_t lines = static_cast<std::size_t>(Allp().made) + 64;
  if (detail) {
    lines += static_cast<std::size_t>(sched.mcount.load(memory_order_relaxed));
    ForEachG([](G*, void* n) { ++*static_cast<std::size_t*>(n); }, &lines);
  }
  return lines * 160;
}

}  // namespace

void PrintSchedtrace(std::int64_t since_start_ns, bool detail) {
  Text text(Capacity(detail));
  {
    RtLock lock(sched.lock);
    const bool go = CurrentProfile() == Profile::kGo;
    text.Add("SCHED %" PRId64
             "ms: gomaxprocs=%d idleprocs=%d threads=%d spinningthreads=%d "
             "needspinning=%u idlethreads=%d runqueue=%d",
             since_start_ns / 1'000'000, Gomaxprocs(),
             sched.npidle.load(memory_order_relaxed),
             sched.mcount.load(memory_order_relaxed),
             sched.nmspinning.load(memory_order_relaxed),
             sched.needspinning.load(memory_order_relaxed), sched.nmidle,
             sched.runqsize.load(memory_order_relaxed));
    if (detail) {
      text.Add(" gcwaiting=%s nmidlelocked=%d stopwait=%d sysmonwait=%s\n",
               sched.gcwaiting.load(memory_order_relaxed) ? "true" : "false",
               sched.nmidlelocked, sched.stopwait,
               sched.sysmon_until.load(memory_order_relaxed) == INT64_MAX
                   ? "true"
                   : "false");
      AddDetail(text);
    } else {
      text.Add(go ? " [ " : " [");
      const char* between = "";
      for (const P* p : Allp()) {
        text.Add("%s%u", between,
                 p->runq.tail.load(memory_order_relaxed) -
                     p->runq.head.load(memory_order_relaxed));
        between = " ";
      }
      text.Add(go ? " ] schedticks=[ " : "]");
      if (go) {
        for (const P* p : Allp()) {
          text.Add("%u ", p->schedtick.load(memory_order_relaxed));
        }
        text.Add("]");
      }
      text.Add("\n");
    }
  }
  text.Print();
}

Schedtrace::Schedtrace()
    : period_(GodebugNs("schedtrace", 1'000'000, 0)),
      detail_(GodebugNumber("scheddetail", 0) > 0),
      start_(Nanotime()),
      next_(start_) {}

std::int64_t Schedtrace::PrintIfDue(std::int64_t now) {
  if (period_ <= 0) return 0;
  if (now >= next_) {
    PrintSchedtrace(now - start_, detail_);
    next_ = now + period_;
  }
  return next_;
}

}  // namespace mn
