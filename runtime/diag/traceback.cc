// One goroutine is printed in two passes over its frames: the first counts them
// and finds where the program's own begin and end, the second prints. So no
// frame is stored, and a stack may be as deep as it likes.
#include "runtime/diag/traceback.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "absl/debugging/symbolize.h"
#include "runtime/core/fatal.h"
#include "runtime/core/getg.h"
#include "runtime/core/nanotime.h"
#include "runtime/core/sched.h"
#include "runtime/diag/crash_signals.h"
#include "runtime/diag/names.h"
#include "runtime/diag/report.h"
#include "runtime/diag/sigpanic.h"
#include "runtime/diag/stack_walk.h"
#include "runtime/diag/symbols.h"
#include "runtime/panic.h"

namespace mn {

namespace {

using internal::Frame;
using internal::StackBounds;
using internal::StackPoint;

constexpr int kInnermost = 50;  // Go's
constexpr int kOutermost = 50;

// By SetTraceback; adds nothing at first.
mn::atomic<TracebackSettings> set_traceback{TracebackSettings{.level = 0}};

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

// How to print.
struct Style {
  int level = 1;  // TracebackSettings::level
  // Cleared by the first walk that comes through a signal frame: the signal may
  // have interrupted malloc.
  bool may_allocate = true;
};

// A stack to print, and how to walk it.
struct Stack {
  StackPoint point{};  // by tables from here; pc 0: by frame pointers
  std::uintptr_t fp = 0;
  StackBounds bounds;

  void Walk(internal::PcVisitor visit, void* arg) const {
    if (point.pc != 0) {
      internal::WalkByTables(point, bounds, visit, arg);
    } else {
      internal::WalkFramePointers(fp, bounds, visit, arg);
    }
  }
};

// First pass: numbers the frames and finds the ones to show.
struct Survey {
  int frames = 0;
  int first = -1;  // the first and the last that are the program's
  int last = -1;
  bool api_before = false;  // the frame before `first` is what it called
  bool in_signal = false;   // the walk came through a signal frame
  int skip_pcs = 0;         // addresses that belong to a signal handler
  int pcs = 0;
  std::uintptr_t last_pc = 0;
  bool last_is_plumbing = false;

  bool previous_is_api = false;

  void Restart() {
    frames = 0;
    first = last = -1;
    previous_is_api = false;
  }
  void Count(const Frame& frame) {
    const bool plumbing = frame.IsPlumbing();
    // The nameless are not shown either, but one (a function of a library
    // without debug symbols) does not show that the stack ends there.
    last_is_plumbing = plumbing && (frame.function || frame.file);
    if (!plumbing) {
      if (first < 0) {
        first = frames;
        api_before = previous_is_api;
      }
      last = frames;
    }
    previous_is_api = frame.IsRuntime();
    frames++;
  }
};

void SurveyPc(void* arg, std::uintptr_t pc, bool exact) {
  auto& survey = *static_cast<Survey*>(arg);
  const bool faulted = internal::IsTrampoline(survey.last_pc);
  if (exact || faulted) {
    survey.Restart();
    survey.in_signal = survey.in_signal || !faulted;
    survey.skip_pcs = survey.pcs;
  }
  survey.pcs++;
  survey.last_pc = pc;
  internal::Symbolize(
      pc, exact,
      [](void* s, const Frame& f) { static_cast<Survey*>(s)->Count(f); },
      &survey);
}

// Second pass.
struct Printer {
  FatalText* out;
  int skip_pcs = 0;
  int begin = 0;  // frames [begin, end) are shown ...
  int end = 0;
  int elide_begin = 0;  // ... except [elide_begin, elide_end)
  int elide_end = 0;
  bool may_allocate = true;
  int frame = 0;
  int pcs = 0;
};

void AppendName(FatalText& out, const Frame& frame, bool may_allocate) {
  char name[256];
  if (may_allocate) {
    internal::AppendFunctionName(out, frame.function);
  } else if (!frame.inlined && frame.entry != 0 &&
             absl::Symbolize(reinterpret_cast<const void*>(frame.entry), name,
                             sizeof name)) {
    internal::AppendShortName(out, name);
  } else {
    out << (frame.function != nullptr ? frame.function : "??");
  }
}

// "\tFILE:LINE +0xOFF\n"
void AppendPlace(FatalText& out, const Frame& frame) {
  out << "\t" << (frame.file != nullptr ? frame.file : "??") << ":"
      << static_cast<std::int64_t>(frame.line);
  if (!frame.inlined && frame.entry != 0 && frame.pc > frame.entry) {
    out << " +" << Hex{frame.pc - frame.entry};
  }
  out << "\n";
}

void PrintFrame(void* arg, const Frame& frame) {
  auto& p = *static_cast<Printer*>(arg);
  const int i = p.frame++;
  if (i < p.begin || i >= p.end) return;
  if (i >= p.elide_begin && i < p.elide_end) {
    if (i == p.elide_begin) {
      *p.out << "..." << static_cast<std::int64_t>(p.elide_end - p.elide_begin)
             << " frames elided...\n";
    }
    return;
  }
  AppendName(*p.out, frame, p.may_allocate);
  *p.out << "(...)\n";
  AppendPlace(*p.out, frame);
}

void PrintPc(void* arg, std::uintptr_t pc, bool exact) {
  auto& p = *static_cast<Printer*>(arg);
  if (p.pcs++ < p.skip_pcs) return;
  internal::Symbolize(pc, exact, &PrintFrame, &p);
}

void PrintFrames(FatalText& out, const Stack& stack, Style& style) {
  Survey survey;
  stack.Walk(&SurveyPc, &survey);
  if (survey.in_signal) style.may_allocate = false;
  Printer p{.out = &out,
            .skip_pcs = survey.skip_pcs,
            .end = survey.frames,
            .may_allocate = style.may_allocate};
  if (style.level < 2 && survey.first >= 0) {
    p.begin = survey.first - (survey.api_before ? 1 : 0);
    p.end = survey.last + 1;
  }
  if (p.end - p.begin > kInnermost + kOutermost) {
    p.elide_begin = p.begin + kInnermost;
    p.elide_end = p.end - kOutermost;
  }
  stack.Walk(&PrintPc, &p);
}

// The stack of a goroutine that is not running. Frame pointers lead to the
// function that starts goroutines, which is plumbing; if they end elsewhere the
// chain is broken, and the tables take over.
Stack StackOf(const View& g) {
  Stack stack{.fp = g.fp, .bounds = g.bounds};
  if (!stack.bounds.Holds(stack.fp, 16) || stack.fp % 8 != 0) return stack;
  Survey survey;
  stack.Walk(&SurveyPc, &survey);
  if (!survey.last_is_plumbing) stack.point = internal::CallerOf(stack.fp);
  return stack;
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

void PrintCreator(FatalText& out, const View& g, const Style& style) {
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
  AppendName(out, creator.frame, style.may_allocate);
  out << " in goroutine " << static_cast<std::int64_t>(g.parent_goid) << "\n";
  AppendPlace(out, creator.frame);
}

// One that has not run yet: the function that it will run.
void PrintStart(FatalText& out, const View& g, const Style& style) {
  Frame start;
  internal::Symbolize(
      g.fn, true,
      [](void* f, const Frame& frame) { *static_cast<Frame*>(f) = frame; },
      &start);
  AppendName(out, start, style.may_allocate);
  out << "(...)\n";
  AppendPlace(out, start);
}

// `here`: where gp's trace starts, if gp is the caller.
void PrintOne(const G* gp, const StackPoint* here, Style& style) {
  const View g = Look(gp);
  FatalText out;
  PrintHeader(out, g, style.level);
  if (here != nullptr) {
    PrintFrames(out, {*here, 0, g.bounds}, style);
  } else if (g.status == GStatus::kRunning || g.status == GStatus::kDetached) {
    out << "\tgoroutine running on other thread; stack unavailable\n";
  } else if (g.status == GStatus::kSyscall) {
    out << "\tgoroutine in a blocking call; stack unavailable\n";
  } else if (g.fp != 0) {
    struct Walk {
      FatalText& out;
      const View& g;
      Style& style;
    } walk{out, g, style};
    // Whoever is made ready meanwhile runs: only this thread has stopped.
    const bool whole = internal::SurvivesFaults(
        [](void* arg) {
          const auto& w = *static_cast<const Walk*>(arg);
          PrintFrames(w.out, StackOf(w.g), w.style);
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
  Style* style;
};

void PrintOthers(const G* except, Style& style) {
  Others others{except, &style};
  ForEachG(
      [](G* gp, void* arg) {
        const auto& o = *static_cast<const Others*>(arg);
        if (gp != o.except) PrintOne(gp, nullptr, *o.style);
      },
      &others);
}

void PrintThread(const char* title, const StackPoint& here, StackBounds bounds,
                 Style& style) {
  FatalText out;
  out << "\n" << title << ":\n";
  PrintFrames(out, {here, 0, bounds}, style);
  out.Print();
}

// What a fresh stack is given.
struct Job {
  TracebackSettings settings{};
  StackPoint here{};
  G* gp = nullptr;
};

}  // namespace

void internal::PrintReport(const TracebackSettings& settings,
                           const StackPoint& here) {
  if (settings.level == 0) return;
  Style style{.level = settings.level, .may_allocate = settings.may_allocate};
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

void internal::CrashIfAsked(const TracebackSettings& settings) {
  if (!settings.crash) return;
  LetAbortEnd();
  std::abort();
}

std::optional<TracebackSettings> ParseGotraceback(std::string_view value) {
  if (value.empty() || value == "single") return TracebackSettings{};
  if (value == "none") return TracebackSettings{.level = 0};
  if (value == "all") return TracebackSettings{.level = 1, .all = true};
  if (value == "system") return TracebackSettings{.level = 2, .all = true};
  if (value == "crash") {
    return TracebackSettings{.level = 2, .all = true, .crash = true};
  }
  std::uint32_t n = 0;
  const char* const end = value.data() + value.size();
  const auto [last, error] = std::from_chars(value.data(), end, n);
  if (error != std::errc() || last != end) return std::nullopt;
  // As Go: a number asks for all, but 0 for nothing at all.
  return TracebackSettings{.level = n > 2 ? 2 : static_cast<int>(n),
                           .all = true};
}

void TracebackInit() {
  fatal_traceback = TracebackForFatal;
  const char* value = std::getenv("GOTRACEBACK");
  if (value == nullptr || ParseGotraceback(value)) return;
  FatalText text;
  text << "runtime: GOTRACEBACK=" << value
       << " is not none, single, all, system, crash or a number; using "
          "single\n";
  text.Print();
}

TracebackSettings CurrentTraceback() {
  const char* value = std::getenv("GOTRACEBACK");
  TracebackSettings settings = ParseGotraceback(value != nullptr ? value : "")
                                   .value_or(TracebackSettings{});
  const TracebackSettings set = set_traceback.load(memory_order_relaxed);
  settings.level = std::max(settings.level, set.level);
  settings.all |= set.all;
  settings.crash |= set.crash;
  return settings;
}

void SetTraceback(std::string_view level) {
  const auto settings = ParseGotraceback(level);
  if (!settings) {
    throw std::invalid_argument(
        "mn::SetTraceback: \"" + std::string(level) +
        "\" is not none, single, all, system, crash or a number");
  }
  set_traceback.store(*settings, memory_order_relaxed);
}

__attribute__((noinline)) void PrintGoroutine(G* gp) {
  Job job{.here = MN_CALLERS_STACK_POINT(), .gp = gp};
  internal::CallOnFreshStack(
      [](void* arg) {
        auto& job = *static_cast<Job*>(arg);
        const M* m = getm();
        const bool self = m != nullptr && m->curg == job.gp;
        Style style;
        PrintOne(job.gp, self ? &job.here : nullptr, style);
      },
      &job);
}

__attribute__((noinline)) void PrintAllGoroutines() {
  Job job{.settings = {.all = true}, .here = MN_CALLERS_STACK_POINT()};
  internal::CallOnFreshStack(
      [](void* arg) {
        auto& job = *static_cast<Job*>(arg);
        internal::PrintReport(job.settings, job.here);
      },
      &job);
}

__attribute__((noinline)) void TracebackForFatal(bool all) {
  Job job{.settings = CurrentTraceback(), .here = MN_CALLERS_STACK_POINT()};
  job.settings.all = job.settings.all || all;
  internal::CallOnFreshStack(
      [](void* arg) {
        auto& job = *static_cast<Job*>(arg);
        internal::PrintReport(job.settings, job.here);
      },
      &job);
  internal::CrashIfAsked(job.settings);
}

}  // namespace mn
