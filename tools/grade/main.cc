// grade: the instructor's command.
//
//   grade one DIR [--lesson 04]... [--out report/ann]
//
// Exit status: 0 graded, 2 some infra_error or stopped, 3 nothing graded,
// 64 wrong usage. Never a silent success.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/reflection.h"
#include "absl/flags/usage.h"
#include "runtime/mn.h"
#include "tools/common/course.h"
#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/runfiles.h"
#include "tools/common/text.h"
#include "tools/common/workspace.h"
#include "tools/grade/arguments.h"
#include "tools/grade/grade_one.h"
#include "tools/grade/sha256.h"
#include "tools/grade/summary.h"
#include "tools/grade/untrusted_text.h"

ABSL_FLAG(std::string, lesson, "",
          "lesson to grade: 04, run_queue or 04_run_queue; may be given more "
          "than once or as a list with commas (default: all)");
ABSL_FLAG(std::string, out, "",
          "directory for results.json, summary.txt and the logs (default: "
          "report/NAME-OF-DIR)");
ABSL_FLAG(std::string, cache_dir, "",
          "where the grading tree and its builds are kept between runs "
          "(default: mn-grade in $XDG_CACHE_HOME or ~/.cache)");
ABSL_FLAG(bool, allow_weak_fence, false,
          "judge also where this machine cannot keep a submission from reading "
          "and changing what the grader's user may; results.json says under "
          "\"fences\" what is missing");
ABSL_FLAG(bool, shutdown, false,
          "end the grading tree's Bazel server when done");

namespace mn::grade {
namespace {

using tools::Cat;
using tools::JoinPath;

constexpr int kInfraError = 2;
constexpr int kUsageError = 64;

constexpr char kUsage[] =
    "grades submissions of the course\n\n"
    "  grade one DIR [--lesson 04]... [--out report/ann]\n\n"
    "DIR is a student's checkout, an exercises/ tree or a bag of files; only "
    "the files on\na lesson's keep list are taken from it.";

// Everything that this program prints goes through here: the name of a folder,
// for one, is a stranger's text.
void Print(std::FILE* to, std::string_view text) {
  std::fputs(Printable(text, /*multiline=*/true).c_str(), to);
}

int Usage(const std::string& message) {
  Print(stderr,
        Cat("grade: ", message, "\n(grade --help shows how it is called)\n"));
  return kUsageError;
}

// Relative paths are the caller's; `bazel run` starts us elsewhere.
std::string FromCaller(const std::string& path) {
  const char* dir = std::getenv("BUILD_WORKING_DIRECTORY");
  std::error_code ec;
  const std::string base =
      dir != nullptr ? dir : std::filesystem::current_path(ec).string();
  return std::filesystem::path(JoinPath(base, path))
      .lexically_normal()
      .string();
}

// One per checkout: two courses, or two versions of one, share nothing.
std::string DefaultCache(const std::string& course_dir) {
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::string base;
  if (xdg != nullptr && *xdg == '/') {
    base = xdg;
  } else if (home != nullptr && *home == '/') {
    base = JoinPath(home, ".cache");
  } else {
    return "";
  }
  return JoinPath(base, Cat("mn-grade/", Sha256Hex(course_dir).substr(0, 16)));
}

// 04, 4, run_queue or 04_run_queue.
const tools::Lesson* FindLesson(const tools::Course& course,
                                const std::string& text) {
  for (const tools::Lesson& l : course.lessons) {
    if (text == l.id || text == l.name || text == l.id.substr(0, 2) ||
        text == Cat(l.number))
      return &l;
  }
  return nullptr;
}

std::string ListLessons(const tools::Course& course) {
  std::vector<std::string> ids;
  for (const tools::Lesson& l : course.lessons) ids.push_back(l.id);
  return tools::Join(ids, ", ");
}

std::shared_ptr<tools::Canceller> stop;

// Ctrl-C: children are in groups of their own, so they hear of it from us.
void StopOnSignals() {
  stop = std::make_shared<tools::Canceller>();
  struct sigaction action = {};
  action.sa_handler = [](int) { stop->Cancel(); };
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
}

int One(const std::vector<std::string>& arguments) {
  if (arguments.empty())
    return Usage("one: which submission? Name its directory: grade one DIR");
  if (arguments.size() > 1)
    return Usage(Cat("one: grades one directory, and \"", arguments[1],
                     "\" is a second"));
  GradeOptions o;
  o.submission = FromCaller(arguments[0]);

  const tools::Result<tools::Course> course =
      tools::LoadCourse(tools::FindRunfile("tools/judge/course.json"));
  const tools::Result<std::string> workspace = tools::FindWorkspace();
  if (!workspace.ok()) return Usage(workspace.error());
  if (!course.ok()) {
    Print(stderr, Cat("grade: ", course.error(), "\n"));
    return kInfraError;
  }
  o.course_dir = *workspace;
  o.course_id = course->id;
  o.course = course->lessons;
  for (const std::string& name :
       tools::Split(absl::GetFlag(FLAGS_lesson), ',', false)) {
    const tools::Lesson* lesson = FindLesson(*course, name);
    if (lesson == nullptr)
      return Usage(Cat("--lesson: there is no lesson \"", name,
                       "\"; there are: ", ListLessons(*course)));
    const bool twice =
        std::any_of(o.lessons.begin(), o.lessons.end(),
                    [&](const tools::Lesson& l) { return l.id == lesson->id; });
    if (!twice) o.lessons.push_back(*lesson);
  }
  if (o.lessons.empty()) o.lessons = course->lessons;

  o.cache_dir = absl::GetFlag(FLAGS_cache_dir);
  o.cache_dir = o.cache_dir.empty() ? DefaultCache(o.course_dir)
                                    : FromCaller(o.cache_dir);
  if (o.cache_dir.empty())
    return Usage("there is no HOME to keep the builds in: give --cache_dir");
  o.enclosure = tools::FindRunfile("tools/grade/enclosure");
  o.walled_cc = tools::FindRunfile("tools/grade/walled_cc");
  if (o.enclosure.empty() || o.walled_cc.empty()) {
    Print(stderr,
          "grade: its programs are not beside it: start it with bazel run "
          "//tools/grade\n");
    return kInfraError;
  }
  std::string name =
      std::filesystem::path(o.submission + "/").parent_path().filename();
  o.out = absl::GetFlag(FLAGS_out);
  o.out = FromCaller(o.out.empty() ? JoinPath("report", name) : o.out);
  o.shutdown = absl::GetFlag(FLAGS_shutdown);
  o.allow_weak_fence = absl::GetFlag(FLAGS_allow_weak_fence);
  o.canceller = stop;
  o.say = [](std::string_view line) {
    Print(stderr, Cat("grade: ", line, "\n"));
  };

  const tools::Result<SubmissionRecord> record = GradeOne(o);
  if (!record.ok()) return Usage(record.error());
  Print(stdout, Cat(SummaryText(*record), "\nresults  ",
                    JoinPath(o.out, "results.json"), "\n"));
  return ExitStatus(*record);
}

int Main(const std::vector<std::string>& words) {
  if (words.empty()) return Usage("say what to do: grade one DIR");
  if (words[0] == "one") return One({words.begin() + 1, words.end()});
  return Usage(Cat("there is no command \"", words[0], "\"; there is: one"));
}

}  // namespace
}  // namespace mn::grade

int main(int argc, char** argv) {
  using namespace mn::grade;  // NOLINT: the program's own names
  absl::SetProgramUsageMessage(kUsage);
  std::vector<std::string> args(argv, argv + argc);
  const std::string complaint = mn::grade::PrepareArguments(&args);
  if (!complaint.empty()) return Usage(complaint);
  std::vector<char*> pointers;
  for (std::string& arg : args) pointers.push_back(arg.data());
  const std::vector<char*> rest = absl::ParseCommandLine(
      static_cast<int>(pointers.size()), pointers.data());
  const std::vector<std::string> words(rest.begin() + 1, rest.end());
  StopOnSignals();
  return mn::Main([words] {
    // A submission is a goroutine; its stack carries std::regex and JSON.
    int status = 0;
    mn::WaitGroup done;
    done.Add(1);
    mn::Go({.stack_size = 8 << 20}, [&] {
      status = Main(words);
      done.Done();
    });
    done.Wait();
    return status;
  });
}
