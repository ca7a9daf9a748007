// wb doctor: gathers facts about the machine and the checkout, prints what they
// mean (doctor.h). Changes nothing.
#include <sched.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"
#include "tools/wb/doctor.h"

namespace mn::wb {
namespace {

using tools::Cat;
using V = Check::Verdict;

tools::Outcome Ask(Context& context, std::vector<std::string> argv) {
  tools::Command c = context.bazel.MakeCommand("", {});
  c.argv = std::move(argv);
  return tools::RunCommand(c);
}

// The last line that says something.
std::string LastLine(const std::string& text) {
  std::string last;
  for (const std::string& line : tools::Lines(text)) {
    if (!tools::Trim(line).empty()) last = tools::Trim(line);
  }
  return last;
}

std::uint64_t FreeBytes(const std::string& path) {
  struct statvfs fs;
  if (statvfs(path.c_str(), &fs) != 0) return 0;
  return static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
}

long ReadNumber(const std::string& path, long missing) {
  const tools::Result<std::string> text = tools::ReadFile(path);
  return text.ok() ? std::atol(text->c_str()) : missing;
}

std::uint64_t AvailableMemory() {
  const tools::Result<std::string> text = tools::ReadFile("/proc/meminfo");
  if (!text.ok()) return 0;
  for (const std::string& line : tools::Lines(*text)) {
    const std::vector<std::string> words = tools::Words(line);
    if (words.size() > 1 && words[0] == "MemAvailable:") {
      return std::strtoull(words[1].c_str(), nullptr, 10) * 1024;
    }
  }
  return 0;
}

Check Packages(Context& context) {
  const tools::Outcome o = Ask(context, {"./setup", "--check"});
  if (o.ok()) return {V::kOk, "packages", "everything is installed", ""};
  return {V::kBad, "packages",
          o.started() ? LastLine(o.out + o.err) : o.start_error, "./setup"};
}

// Also yields where Bazel builds.
Check BazelCheck(Context& context, std::string* output_base) {
  const tools::Outcome o =
      Ask(context, context.bazel.Argv("info", {"output_base"}));
  if (!o.started()) return {V::kBad, "bazel", o.start_error, "./setup"};
  if (!o.ok()) {
    return {V::kBad, "bazel", LastLine(o.err),
            "repair what it says; `bazel info` shows all of it"};
  }
  *output_base = tools::Trim(o.out);
  const tools::Outcome version =
      Ask(context, {"dpkg-query", "-W", "-f", "${Version}", "bazel-bootstrap"});
  return {V::kOk, "bazel",
          Cat(context.bazel.binary(), " ",
              version.ok() ? version.out : "(not from a Debian package)"),
          ""};
}

Check ProgressCheck(Context& context) {
  const std::string wb = context.Path(".wb");
  if (tools::FileExists(wb) && !tools::IsDirectory(wb)) {
    return {V::kBad, "progress", Cat(wb, " is not a directory"),
            Cat("rm ", wb)};
  }
  const std::string dir = tools::FileExists(wb) ? wb : context.workspace;
  if (access(dir.c_str(), W_OK) != 0) {
    const int error = errno;
    return {V::kBad, "progress",
            Cat(dir, ": ", std::strerror(error), "; nothing can be saved"),
            error == EROFS ? "mount it writable, or work in a copy"
                           : Cat("chown -R $USER ", dir)};
  }
  const tools::Result<Progress> progress = context.store.Load();
  if (!progress.ok()) return {V::kBad, "progress", progress.error(), ""};
  return {V::kOk, "progress",
          Cat(".wb/progress.json, ", progress->lessons.size(), " of ",
              context.course.lessons.size(), " lessons begun"),
          ""};
}

Check PlugCheck(const Context& context) {
  const tools::Result<Plugs> plugs = LoadPlugs(context);
  if (!plugs.ok()) return {V::kBad, "plugs", plugs.error(), "edit that file"};
  if (plugs->empty()) return {V::kOk, "plugs", "none of yours", ""};
  std::vector<std::string> names;
  for (const auto& [plug, label] : *plugs) names.push_back(plug);
  return {
      V::kNote, "plugs", Cat("yours: ", tools::Join(names, ", ")),
      Cat("everything built here runs on them; ", context.Call("unplug all"))};
}

}  // namespace

int CmdDoctor(Context& context, const Args&) {
  std::vector<Check> checks;
  checks.push_back(Packages(context));
  std::string output_base;
  checks.push_back(BazelCheck(context, &output_base));

  const char* cxx = std::getenv("CXX");
  const std::string compiler = cxx == nullptr || *cxx == 0 ? "g++" : cxx;
  const tools::Outcome version =
      Ask(context, {compiler, "-dumpfullversion", "-dumpversion"});
  checks.push_back(
      CheckCompiler(compiler, version.ok() ? tools::Trim(version.out) : ""));

  checks.push_back(CheckDisk("the checkout", FreeBytes(context.workspace)));
  if (!output_base.empty()) {
    checks.push_back(CheckDisk("Bazel's output", FreeBytes(output_base)));
  }
  checks.push_back(CheckMemory(AvailableMemory()));

  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  sched_getaffinity(0, sizeof cpus, &cpus);
  checks.push_back(CheckCpus(CPU_COUNT(&cpus)));

  utsname names;
  uname(&names);
  checks.push_back(CheckKernel(
      names.release, ReadNumber("/proc/sys/vm/max_map_count", 65530)));
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  checks.push_back(CheckOpenFiles(limit.rlim_cur, limit.rlim_max));
  getrlimit(RLIMIT_NPROC, &limit);
  checks.push_back(CheckProcesses(limit.rlim_cur));
  checks.push_back(
      CheckInotify(ReadNumber("/proc/sys/fs/inotify/max_user_watches", 0)));
  checks.push_back(ProgressCheck(context));
  checks.push_back(PlugCheck(context));

  Terminal& t = context.terminal;
  int bad = 0;
  for (const Check& c : checks) {
    const std::string mark = c.verdict == V::kOk     ? t.Green("ok  ")
                             : c.verdict == V::kNote ? t.Yellow("note")
                                                     : t.Red("BAD ");
    t.Line(mark, "  ", Pad(c.name, 11), " ", c.detail);
    if (!c.fix.empty()) t.Line("      ", Pad("", 11), " → ", c.fix);
    bad += c.verdict == V::kBad ? 1 : 0;
  }
  t.Line();
  if (bad == 0) {
    t.Line("this machine is fit.");
    return kOk;
  }
  t.Line(bad, bad == 1 ? " thing" : " things", " to do: see the arrows.");
  return kRedExit;
}

}  // namespace mn::wb
