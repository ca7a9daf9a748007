#include "runtime/diag/traceback.h"

#include <cstdint>

#include "runtime/core/fatal.h"
#include "runtime/core/getg.h"
#include "runtime/core/nanotime.h"
#include "runtime/core/sched.h"
#include "runtime/diag/crash_signals.h"
#include "runtime/diag/frames.h"
#include "runtime/diag/symbols.h"

namespace mn {

namespace {

using internal::Frame;
using internal::StackBounds;
using internal::StackPoint;
using internal::TraceStyle;

// What a report needs of a G. Another M may be writing to it: each word is read
// once, and TSan is told that this is meant.
struct View {
  const G* gp;
  GStatus status;
  WaitReason reason;
  std::uint64_t goid;
  std::uint64_t parent_goid;
  std::int64_t waitsince;
  const M* m;
  bool locked;
  std::uintptr_t gopc;
  std::uintptr_t fn;
  std::uintptr_t fp;
  StackBounds bounds;
};

MN_READS_ANY_STACK View Look(const G* gp) {
  const volatile G* g = gp;
  return {.gp = gp,
          .status = gp->status.load(memory_order_relaxed),
          .reason = gp->waitreason.load(memory_order_relaxed),
          .goid = g->goid,
          .parent_goid = g->parent_goid,
          .waitsince = g->waitsince,
          .m = g->m,
          .locked = g->lockedm != nullptr,
          .gopc = reinterpret_cast<std::uintptr_t>(g->gopc),
          .fn = reinterpret_cast<std::uintptr_t>(g->fn),
          .fp = reinterpret_cast<std::uintptr_t>(g->fp),
          .bounds = {g->stack_lo, g->stack_hi}};
}

void PrintHeader(FatalText& out, const View& g, int level) {
  out << "\ngoroutine " << static_cast<std::int64_t>(g.goid);
  if (level >= 2) {
    out << " gp=" << Hex{reinterpret_cast<std::uintptr_t>(g.gp)};
    const bool on_m =
        g.status == GStatus::kRunning || g.status == GStatus::kSyscall;
    if (on_m && g.m != nullptr) {
      out << " m=" << g.m->id
          << " mp=" << Hex{reinterpret_cast<std::uintptr_t>(g.m)};
    } else {
      out << " m=nil";
    }
  }
  out << " [";
  if (g.status == GStatus::kWaiting && g.reason != WaitReason::kNone) {
    out << WaitReasonText(g.reason);
    const std::int64_t minutes =
        g.waitsince != 0 ? (Nanotime() - g.waitsince) / 60'000'000'000 : 0;
    if (minutes > 0) out << ", " << minutes << " minutes";
  } else {
    out << GStatusText(g.status);
  }
  if (g.locked) out << ", locked to thread";
  out << "]:\n";
}

// The creator is where mn::Go was called: the first frame there that is the
// program's.
struct Creator {
  Frame frame;
  bool found = false;
};

void PrintCreator(FatalText& out, const View& g, const TraceStyle& style) {
  if (g.gopc == 0) return;  // main
  Creator creator;
  internal::Symbolize(
      g.gopc, false,
      [](void* arg, const Frame& frame) {
        auto& c = *static_cast<Creator*>(arg);
        if (!c.found) c.frame = frame;
        c.found = c.found || !frame.IsPlumbing();
      },
      &creator);
  out << "created by ";
  internal::AppendName(out, creator.frame, style.may_allocate);
  out << " in goroutine " << static_cast<std::int64_t>(g.parent_goid) << "\n";
  internal::AppendPlace(out, creator.frame);
}

// One that has not run yet: the function that it will run.
void PrintStart(FatalText& out, const View& g, const TraceStyle& style) {
  Frame start;
  internal::Symbolize(
      g.fn, true,
      [](void* f, const Frame& frame) { *static_cast<Frame*>(f) = frame; },
      &start);
  internal::AppendName(out, start, style.may_allocate);
  out << "(...)\n";
  internal::AppendPlace(out, start);
}

// `here`: where gp's trace starts, if gp is the caller.
void PrintOne(const G* gp, const StackPoint* here, TraceStyle& style) {
  const View g = Look(gp);
  FatalText out;
  PrintHeader(out, g, style.level);
  if (here != nullptr) {
    internal::PrintFrames(out, {*here, 0, g.bounds}, style);
  } else if (g.status == GStatus::kRunning || g.status == GStatus::kDetached) {
    out << "\tgoroutine running on other thread; stack unavailable\n";
  } else if (g.status == GStatus::kSyscall) {
    out << "\tgoroutine in a blocking call; stack unavailable\n";
  } else if (g.fp != 0) {
    struct Walk {
      FatalText& out;
      const View& g;
      TraceStyle& style;
    } walk{out, g, style};
    // Whoever is made ready meanwhile runs: only this thread has stopped.
    const bool whole = internal::SurvivesFaults(
        [](void* arg) {
          const auto& w = *static_cast<const Walk*>(arg);
          internal::PrintFrames(w.out, internal::StackFrom(w.g.fp, w.g.bounds),
                                w.style);
        },
        &walk);
    if (!whole) out << "\tit runs again, or its stack is damaged\n";
  } else {
    PrintStart(out, g, style);
  }
  PrintCreator(out, g, style);
  out.Print();
}

struct Others {
  const G* except;
  TraceStyle* style;
};

void PrintOthers(const G* except, TraceStyle& style) {
  Others others{except, &style};
  ForEachG(
      [](G* gp, void* arg) {
        const auto& o = *static_cast<const Others*>(arg);
        if (gp != o.except) PrintOne(gp, nullptr, *o.style);
      },
      &others);
}

void PrintThread(const char* title, const StackPoint& here, StackBounds bounds,
                 TraceStyle& style) {
  FatalText out;
  out << "\n" << title << ":\n";
  internal::PrintFrames(out, {here, 0, bounds}, style);
  out.Print();
}

// What a fresh stack is given.
struct Job {
  TracebackSettings settings{};
  StackPoint here{};
  G* gp = nullptr;
};

}  // namespace

void internal::PrintTraces(const TracebackSettings& settings,
                           const StackPoint& here) {
  if (settings.level == 0) return;
  TraceStyle style{.level = settings.level,
                   .may_allocate = settings.may_allocate};
  const M* m = getm();
  const G* self = nullptr;
  if (m == nullptr) {
    PrintThread("thread outside the runtime", here, {}, style);
  } else if (m->curg == nullptr || m->curg == &m->g0) {
    if (style.level >= 2) {
      PrintThread("runtime stack", here, {m->g0.stack_lo, m->g0.stack_hi},
                  style);
    }
  } else {
    self = m->curg;
    PrintOne(m->curg, &here, style);
  }
  if (settings.all) PrintOthers(self, style);
}

__attribute__((noinline)) void PrintGoroutine(G* gp) {
  Job job{.here = MN_CALLERS_STACK_POINT(), .gp = gp};
  internal::CallOnFreshStack(
      [](void* arg) {
        auto& job = *static_cast<Job*>(arg);
        const M* m = getm();
        const bool self = m != nullptr && m->curg == job.gp;
        TraceStyle style;
        PrintOne(job.gp, self ? &job.here : nullptr, style);
      },
      &job);
}

__attribute__((noinline)) void PrintAllGoroutines() {
  Job job{.settings = {.all = true}, .here = MN_CALLERS_STACK_POINT()};
  internal::CallOnFreshStack(
      [](void* arg) {
        auto& job = *static_cast<Job*>(arg);
        internal::PrintTraces(job.settings, job.here);
      },
      &job);
}

}  // namespace mn
