// What every command works with. A command is a function of a Context and its
// arguments that returns the exit status; everything it touches is in here, so
// that a test gives it a scratch workspace, a fake Bazel and a fake terminal.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/run_command.h"
#include "tools/common/workspace.h"
#include "tools/wb/plug_block.h"
#include "tools/wb/progress.h"
#include "tools/wb/state.h"
#include "tools/wb/terminal.h"

namespace mn::wb {

// Exit statuses, for scripts.
inline constexpr int kOk = 0;
inline constexpr int kRedExit = 1;    // it ran, and something is red or missing
inline constexpr int kUsageExit = 2;  // what was asked for makes no sense
inline constexpr int kBrokenExit = 3;  // the tools failed, not the learner

struct Options {
  std::string case_text;  // --case
  std::string seed;       // --seed
  bool force = false;     // --force
};

struct Context {
  Context(std::string workspace_dir, tools::Course the_course,
          tools::Bazel the_bazel, Terminal the_terminal);
  Context(const Context&) = delete;  // `store` speaks through `terminal`
  Context& operator=(const Context&) = delete;

  std::string workspace;
  tools::Course course;
  tools::Bazel bazel;
  Terminal terminal;
  // What somebody types to start wb: "wb", "tools/bin/wb", "bazel run
  // //tools:wb --". The launcher knows.
  std::string name = "wb";
  ProgressStore store;
  Options options;
  // Watch mode stops a build or a judge with it; null otherwise.
  std::shared_ptr<tools::Canceller> canceller;

  std::string Path(std::string_view in_workspace) const;
  // A command of wb as this learner has to type it: Call("test 04"). Every
  // command that is printed comes from here.
  std::string Call(std::string_view command) const;
  // "wb: MESSAGE" on the terminal; returns `status`.
  int Fail(const std::string& message, int status = kUsageExit);
  // Says that the progress could not be written, and why; once.
  void NotSaved(const std::string& error);
  // Atomic: a run and the answer to a key may both want to say it.
  std::atomic<bool> not_saved_said{false};
};

// The lesson that args[0] names, or the current one if args is empty; makes it
// the current one, if that can be saved. Null: there is none, the learner was
// told.
const tools::Lesson* PickLesson(Context& context,
                                const std::vector<std::string>& args);

// Loads the progress; if it cannot be read, says so and returns nullopt.
std::optional<Progress> LoadProgress(Context& context);
// Changes one lesson's progress. False: it could not be saved, and it was said.
// A command that was only to show something goes on.
bool UpdateLesson(Context& context, const std::string& lesson_id,
                  const std::function<void(LessonProgress&)>& change);

// What is plugged in; a damaged block is an error.
tools::Result<Plugs> LoadPlugs(const Context& context);
LessonState StateNow(Context& context, const tools::Lesson& lesson);

// Makes a lesson the current one. Not saved: it is said, and no harm.
void MakeCurrent(Context& context, const tools::Lesson& lesson);

// "points: 4.5 of 6   cases 4 of 5, prediction 0.5 of 0.5, ..."
void PrintPoints(Context& context, const tools::Lesson& lesson);
// "next: wb predict 04   guess before you know"
void PrintNext(Context& context, const tools::Lesson& lesson);

}  // namespace mn::wb
