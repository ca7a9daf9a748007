#include "tools/grade/builder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/grade/untrusted_text.h"

namespace mn::grade {
namespace {

using tools::Cat;
using tools::Done;
using tools::Error;
using tools::JoinPath;
using tools::Nothing;

constexpr int kBuildFailed = 1;  // Bazel's exit status for "does not build"
constexpr int kPrepareTimeoutS = 3600;
constexpr int kCompilerLines = 40;

std::string CompilerDir(const std::string& cache_dir) {
  return JoinPath(cache_dir, "cc");
}

std::string Flags(const std::string& cache_dir) {
  const char* theirs = std::getenv("WB_BAZEL_FLAGS");
  // Theirs first: of two output bases Bazel takes the last.
  return Cat(theirs == nullptr ? "" : theirs,
             " --output_base=", JoinPath(cache_dir, "output_base"),
             " --nohome_rc --max_idle_secs=900",
             " --disk_cache=", JoinPath(cache_dir, "disk_cache"),
             // Bazel's other sandboxes would take the rights for walls.
             " --spawn_strategy=processwrapper-sandbox",
             " --repo_env=CC=", CompilerDir(cache_dir), "/walled_cc");
}

std::string BazelBinary() {
  const char* name = std::getenv("BAZEL");
  return name == nullptr || *name == 0 ? "bazel" : name;
}

}  // namespace

std::string CompilerText(std::string_view bazel_output) {
  static constexpr std::string_view kNoise[] = {
      "INFO:",
      "DEBUG:",
      "WARNING:",
      "Loading:",
      "Analyzing:",
      "Extracting ",
      "Starting local Bazel",
      "Use --sandbox_debug",
      "Use --verbose_failures",
      "Target //",
      "FAILED: Build did NOT complete",
      "Computing main repo",
      "$TEST_TMPDIR defined",
      "(cd "};
  std::string text;
  for (const std::string& line : tools::Lines(bazel_output)) {
    bool noise = tools::Trim(line).empty() || line.starts_with("[");
    for (std::string_view start : kNoise) noise |= line.starts_with(start);
    // "ERROR: …: C++ compilation of rule … failed (Exit 1): gcc failed: …" is
    // Bazel's, and what follows it is the compiler's.
    noise |=
        line.starts_with("ERROR:") && line.find("failed") != std::string::npos;
    if (!noise) text += Cat(line, "\n");
  }
  if (text.empty()) text = bazel_output;
  return FirstLines(Printable(text, /*multiline=*/true), kCompilerLines);
}

Builder::Builder(const Tree& tree, const std::string& cache_dir,
                 const std::string& walled_cc, bool weak,
                 std::shared_ptr<tools::Canceller> canceller)
    : flags_(Flags(cache_dir)),
      bazel_(tree.dir, BazelBinary(), flags_),
      cc_dir_(CompilerDir(cache_dir)),
      walled_cc_(walled_cc),
      weak_(weak),
      stamp_(JoinPath(cache_dir, "prepared")),
      fingerprint_(tree.fingerprint),
      canceller_(std::move(canceller)) {}

Done Builder::PlaceCompiler() const {
  const char* named = std::getenv("CC");
  const std::string name = named == nullptr || *named == 0 ? "gcc" : named;
  std::string compiler = name[0] == '/' ? name : "";
  const char* path = std::getenv("PATH");
  for (const std::string& dir :
       tools::Split(path == nullptr ? "/usr/bin" : path, ':', false)) {
    const std::string file = JoinPath(dir, name);
    if (compiler.empty() && access(file.c_str(), X_OK) == 0) compiler = file;
  }
  if (compiler.empty()) return Error{Cat("there is no compiler ", name)};
  if (Done d = tools::MakeDirs(cc_dir_); !d.ok()) return d;
  tools::Result<std::string> program = tools::ReadFile(walled_cc_);
  if (!program.ok()) return Error{program.error()};
  const std::string place = JoinPath(cc_dir_, "walled_cc");
  tools::Result<std::string> old = tools::ReadFile(place);
  if (!old.ok() || *old != *program) {
    if (Done d = tools::WriteFileAtomic(place, *program); !d.ok()) return d;
    if (chmod(place.c_str(), 0755) != 0)
      return Error{Cat("cannot set the mode of ", place)};
  }
  const std::string weak = JoinPath(cc_dir_, "weak");
  Done d = weak_ ? tools::WriteFileAtomic(weak, "") : tools::RemoveTree(weak);
  if (!d.ok()) return d;
  return tools::WriteFileAtomic(JoinPath(cc_dir_, "compiler"), compiler);
}

tools::Outcome Builder::Bazel(const std::vector<std::string>& labels,
                              int timeout_s) {
  std::vector<std::string> args = {"--color=no", "--curses=no",
                                   "--noshow_progress",
                                   "--noshow_loading_progress"};
  args.insert(args.end(), labels.begin(), labels.end());
  tools::Command c = bazel_.MakeCommand("build", args);
  c.merge_err = true;
  // On SIGTERM the client asks its server to stop the compiler; on SIGKILL the
  // server would go on.
  c.own_group = true;
  c.timeout = std::chrono::seconds(timeout_s);
  c.kill_grace = std::chrono::seconds(20);
  c.canceller = canceller_;
  return tools::RunCommand(c);
}

Done Builder::Prepare(const std::vector<tools::Lesson>& lessons) {
  std::vector<std::string> labels;
  std::string stamp = fingerprint_;
  for (const tools::Lesson& lesson : lessons) {
    labels.push_back(lesson.ExerciseLabel());
    stamp += " " + lesson.id;
  }
  if (Done d = PlaceCompiler(); !d.ok()) return d;
  tools::Result<std::string> old = tools::ReadFile(stamp_);
  if (!old.ok() || *old != stamp) {
    const tools::Outcome o = Bazel(labels, kPrepareTimeoutS);
    if (!o.ok()) {
      return Error{Cat("the course does not build with its own starters (",
                       o.Describe(), "):\n", CompilerText(o.out))};
    }
    if (Done d = tools::WriteFileAtomic(stamp_, stamp); !d.ok()) return d;
  }
  tools::Result<std::string> bin = bazel_.BinDir();
  if (!bin.ok()) return Error{bin.error()};
  bin_ = *bin;
  return Nothing{};
}

BuildResult Builder::Build(const tools::Lesson& lesson) {
  const tools::Outcome o =
      Bazel({lesson.ExerciseLabel()}, lesson.build_timeout_s);
  BuildResult r;
  r.log = o.started() ? o.out : o.start_error;
  if (o.timed_out) {
    r.kind = BuildResult::kTimeout;
    r.text =
        Cat("the compiler was stopped after ", lesson.build_timeout_s, " s");
  } else if (o.started() && o.exit_code == kBuildFailed) {
    r.kind = BuildResult::kDoesNotBuild;
    r.text = CompilerText(o.out);
  } else if (!o.ok()) {
    r.text = Cat("bazel: ", o.Describe(), "\n", CompilerText(o.out));
  } else {
    r.judge = JoinPath(bin_, JoinPath(lesson.ExerciseDir(), lesson.id));
    r.kind = BuildResult::kBuilt;
  }
  return r;
}

void Builder::Shutdown() {
  // `shutdown` refuses the options of `build`.
  std::string startup;
  for (const std::string& flag : tools::Words(flags_)) {
    if (tools::IsStartupOption(flag)) tools::Append(&startup, " ", flag);
  }
  const tools::Bazel bazel(bazel_.workspace(), bazel_.binary(), startup);
  tools::Command c = bazel.MakeCommand("shutdown", {});
  c.timeout = std::chrono::seconds(60);
  c.own_group = true;
  (void)tools::RunCommand(c);
}

}  // namespace mn::grade
