// wb, wb watch: the judge runs again whenever a file of an exercise is saved.
//
// Three goroutines send into one channel: who waits for saves, who waits for
// keys, and who builds and judges. The loop below is the only one that decides.
// A save during a run cancels the run: the learner waits for the newest text
// only. Without a terminal there is nobody to watch, so one pass is made.
//
// Invariant: the terminal is written by the run while there is one, and by the
// loop otherwise.
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/chan.h"
#include "runtime/go.h"
#include "runtime/syscall.h"
#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/judge_run.h"
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

void SendKeys(mn::Chan<Event> events) {
  for (;;) {
    char key = 0;
    const ssize_t n = mn::BlockingCall([&] {
      ssize_t got;
      do {
        got = read(0, &key, 1);
      } while (got < 0 && errno == EINTR);
      return got;
    });
    events.Send({Event::Kind::kKey, {}, n == 1 ? key : 'q', {}});
    if (n != 1) return;
  }
}

void SendSaves(std::shared_ptr<Watcher> watcher, mn::Chan<Event> events) {
  for (;;) {
    std::set<std::string> paths = watcher->Next();
    if (paths.empty()) return;
    events.Send({Event::Kind::kSaved, std::move(paths), 0, {}});
  }
}

void PrintHeader(Context& context, const Lesson& lesson) {
  Terminal& t = context.terminal;
  if (t.interactive()) t.Print("\x1b[2J\x1b[3J\x1b[H");
  t.Line(t.Bold(Cat(lesson.id.substr(0, 2), "  ", lesson.title)));
}

void PrintFooter(Context& context, const Lesson& lesson) {
  Terminal& t = context.terminal;
  t.Line();
  PrintNext(context, lesson);
  if (!t.interactive()) return;
  t.Line(t.Dim(Cat("watching ", lesson.ExerciseDir(),
                   "/: save to run again.   h hint   r run   n next lesson   "
                   "l list   q quit")));
}

class WatchLoop {
 public:
  WatchLoop(Context& context, const Lesson* lesson)
      : context_(context), lesson_(lesson), events_(16) {}

  int Run() {
    auto made = Watcher::Make(context_.Path("exercises"));
    if (!made.ok()) return context_.Fail(made.error(), kBrokenExit);
    KeyMode key_mode;
    mn::Go([watcher = std::shared_ptr<Watcher>(*std::move(made)),
            events = events_] { SendSaves(watcher, events); });
    mn::Go([events = events_] { SendKeys(events); });
    StartRun();
    while (!(quit_ && !running_)) Handle(events_.Recv());
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
          PrintFooter(context_, *lesson_);
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
    if (running_) return;  // the terminal is the run's
    switch (key) {
      case 'h':
        CmdHint(context_, {lesson_->id});
        break;
      case 'l':
        CmdList(context_, {});
        break;
      case 'n':
        MoveTo(NextLesson(context_.course, *lesson_));
        RunAgain();
        break;
      case 'r':
      case '\n':
        RunAgain();
        break;
      default:
        break;
    }
  }

  void MoveTo(const Lesson* lesson) {
    if (lesson == lesson_) return;
    lesson_ = lesson;
    (void)context_.store.Update([&](Progress& p) { p.current = lesson->id; });
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
  PrintFooter(context, *lesson);
  return verdict == Verdict::kBroken ? kBrokenExit : kOk;
}

}  // namespace mn::wb
