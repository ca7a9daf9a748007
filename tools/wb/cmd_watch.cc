// wb, wb watch: the judge runs again whenever a file of an exercise is saved.
//
// Three goroutines send into one channel: who waits for saves, who waits for
// keys, and who builds and judges. The loop below is the only one that decides.
// A save during a run cancels the run: the learner waits for the newest text
// only. Without a terminal there is nobody to watch, so one pass is made.
//
// The screen is never cleared: what was red last stays in sight while the next
// run builds below it, and all of it stays in the terminal's history. A rule
// begins a run.
//
// Invariant: what answers a key is written at once and whole, between two lines
// of the run (see terminal.h).
#include <signal.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "runtime/chan.h"
#include "runtime/go.h"
#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/judge_run.h"
#include "tools/wb/starters.h"
#include "tools/wb/watch_event.h"
#include "tools/wb/watcher.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Lesson;

struct Event {
  enum class Kind { kSaved, kKey, kDone } kind;
  std::set<std::string> paths;  // kSaved
  char key = 0;                 // kKey
  Verdict verdict{};            // kDone
};

// The terminal as it was; for the signal handler as well.
termios saved_terminal;

extern "C" void RestoreAndDie(int signal) {
  tcsetattr(0, TCSANOW, &saved_terminal);
  raise(signal);  // SA_RESETHAND made it the default
}

// Keys arrive one by one and unseen. Ctrl-C still ends everything.
class KeyMode {
 public:
  KeyMode() {
    if (tcgetattr(0, &saved_terminal) != 0) return;
    struct sigaction action {};
    action.sa_handler = &RestoreAndDie;
    // A goroutine's stack is no place for a handler.
    action.sa_flags = SA_RESETHAND | SA_NODEFER | SA_ONSTACK;
    for (const int s : {SIGINT, SIGTERM, SIGHUP})
      sigaction(s, &action, nullptr);
    termios raw = saved_terminal;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    on_ = tcsetattr(0, TCSANOW, &raw) == 0;
  }
  ~KeyMode() {
    if (on_) tcsetattr(0, TCSANOW, &saved_terminal);
  }

 private:
  bool on_ = false;
};

void SendKeys(Terminal terminal, mn::Chan<Event> events) {
  for (;;) {
    const char key = terminal.ReadKey();
    events.Send({Event::Kind::kKey, {}, key == 0 ? 'q' : key, {}});
    if (key == 0) return;
  }
}

void SendSaves(std::shared_ptr<Watcher> watcher, mn::Chan<Event> events) {
  for (;;) {
    std::set<std::string> paths = watcher->Next();
    if (paths.empty()) return;
    events.Send({Event::Kind::kSaved, std::move(paths), 0, {}});
  }
}

std::string ClockNow() {
  const time_t now = time(nullptr);
  tm local;
  localtime_r(&now, &local);
  char text[16];
  strftime(text, sizeof text, "%H:%M:%S", &local);
  return text;
}

void PrintHeader(Context& context, const Lesson& lesson) {
  Terminal& t = context.terminal;
  const std::string title = Cat(lesson.id.substr(0, 2), "  ", lesson.title);
  if (!t.interactive()) {
    t.Line(t.Bold(title));
    return;
  }
  const std::string clock = ClockNow();
  std::string rule;
  for (int n = t.width() - 1 - DisplayWidth(title) - DisplayWidth(clock) - 4;
       n > 0; --n) {
    rule += "─";
  }
  t.Line("\n", t.Bold(title), "  ", t.Dim(Cat(rule, "  ", clock)));
}

void PrintKeys(Context& context) {
  Terminal& t = context.terminal;
  t.Line(t.Dim("keys: h hint   r run again   n next lesson   l list   q quit"));
}

void PrintFooter(Context& context, const Lesson& lesson, Verdict verdict) {
  Terminal& t = context.terminal;
  const bool judged = verdict == Verdict::kGreen || verdict == Verdict::kRed;
  if (!judged) t.Line();
  PrintNext(context, lesson);
  if (!t.interactive()) return;
  const std::string what = lesson.keep.size() == 1
                               ? LearnersPath(lesson, lesson.keep[0])
                               : Cat("a file of ", lesson.ExerciseDir());
  t.Print(t.Dim(tools::Trim(
              Wrapped(Cat("watching: save ", what, " and it is judged again"),
                      0, t.width() - 1))),
          "\n");
  PrintKeys(context);
}

class WatchLoop {
 public:
  WatchLoop(Context& context, const Lesson* lesson)
      : context_(context), lesson_(lesson), events_(16) {}

  int Run() {
    auto made = Watcher::Make(context_.Path("exercises"));
    if (!made.ok()) {
      return context_.Fail(
          Cat(made.error(), "; ", context_.Call("doctor"), " knows more"),
          kBrokenExit);
    }
    const std::shared_ptr<Watcher> watcher = *std::move(made);
    KeyMode key_mode;
    mn::Go([watcher, events = events_] { SendSaves(watcher, events); });
    mn::Go([terminal = context_.terminal, events = events_] {
      SendKeys(terminal, events);
    });
    StartRun();
    while (!(quit_ && !running_)) Handle(events_.Recv());
    watcher->Stop();
    context_.canceller = nullptr;
    return kOk;
  }

 private:
  void Handle(const Event& event) {
    switch (event.kind) {
      case Event::Kind::kDone:
        running_ = false;
        if (again_) {
          StartRun();
        } else if (event.verdict != Verdict::kCancelled) {
          PrintFooter(context_, *lesson_, event.verdict);
        }
        break;
      case Event::Kind::kSaved:
        if (const Lesson* saved =
                LessonOfSaved(context_.course, event.paths, *lesson_)) {
          MoveTo(saved);
          RunAgain();
        }
        break;
      case Event::Kind::kKey:
        Key(event.key);
        break;
    }
  }

  void Key(char key) {
    if (key == 'q' || key == 'Q') {
      quit_ = true;
      again_ = false;
      if (running_) context_.canceller->Cancel();
      return;
    }
    switch (key) {
      case 'h':
      case 'H':
        Answer(&CmdHint, {lesson_->id});
        break;
      case 'l':
      case 'L':
        Answer(&CmdList, {});
        break;
      case 'n':
      case 'N':
        MoveTo(NextLesson(context_.course, *lesson_));
        RunAgain();
        break;
      case 'r':
      case 'R':
      case '\n':
        RunAgain();
        break;
      default:
        PrintKeys(context_);
        break;
    }
  }

  // Runs a command and writes all that it says in one piece.
  void Answer(int (*command)(Context&, const Args&), const Args& args) {
    std::string said;
    Context aside(context_.workspace, context_.course, context_.bazel,
                  context_.terminal.Into(&said));
    aside.name = context_.name;
    command(aside, args);
    context_.terminal.Print("\n", said);
  }

  void MoveTo(const Lesson* lesson) {
    if (lesson == lesson_) return;
    lesson_ = lesson;
    MakeCurrent(context_, *lesson);
  }

  void RunAgain() {
    if (!running_) {
      StartRun();
      return;
    }
    again_ = true;
    context_.canceller->Cancel();
  }

  void StartRun() {
    again_ = false;
    running_ = true;
    context_.canceller = std::make_shared<tools::Canceller>();
    PrintHeader(context_, *lesson_);
    mn::Go([this, lesson = lesson_, events = events_]() mutable {
      const Verdict verdict = BuildAndJudge(context_, *lesson, {});
      events.Send({Event::Kind::kDone, {}, 0, verdict});
    });
  }

  Context& context_;
  const Lesson* lesson_;
  mn::Chan<Event> events_;
  bool running_ = false;  // a run goroutine lives; it sends kDone at its end
  bool again_ = false;    // start another when it has ended
  bool quit_ = false;
};

}  // namespace

int CmdWatch(Context& context, const Args& args) {
  const Lesson* lesson = PickLesson(context, args);
  if (lesson == nullptr) return kUsageExit;
  if (context.terminal.interactive()) return WatchLoop(context, lesson).Run();
  PrintHeader(context, *lesson);
  const Verdict verdict = BuildAndJudge(context, *lesson, {});
  PrintFooter(context, *lesson, verdict);
  return verdict == Verdict::kBroken ? kBrokenExit : kOk;
}

}  // namespace mn::wb
