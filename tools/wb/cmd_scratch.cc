// wb scratch: a copy of the checkout for changes that are not meant to stay.
//
// A stretch task says: make the ring 16 long and look what happens. In the
// checkout that would leave every test red until somebody remembers to change
// it back. A git worktree was rejected: it lacks what the learner has not
// committed, their own piece first of all. .bazelignore keeps Bazel out of .wb.
#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/wb/commands.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Result;

constexpr char kDir[] = ".wb/scratch";

// What the copy needs: all but git's, Bazel's links and wb's own, of which it
// takes what says how to build here, and the program.
Result<std::vector<std::string>> ToCopy(const Context& context) {
  Result<std::vector<std::string>> names = tools::ListDir(context.workspace);
  if (!names.ok()) return names;
  std::erase_if(*names, [](const std::string& name) {
    return name == ".git" || name == ".wb" || name.starts_with("bazel-");
  });
  return names;
}

tools::Done Copy(Context& context, std::vector<std::string> from,
                 const std::string& to) {
  if (tools::Done made = tools::MakeDirs(context.Path(to)); !made.ok()) {
    return made;
  }
  tools::Command c = context.bazel.MakeCommand("", {});
  // -a: the times as well, or everything would look new to wb in the copy.
  c.argv = {"cp", "-a", "-t", to, "--"};
  c.argv.insert(c.argv.end(), from.begin(), from.end());
  const tools::Outcome o = tools::RunCommand(c);
  if (o.ok()) return tools::Nothing{};
  // A full disk is said once for each file.
  const std::vector<std::string> said = tools::Lines(o.err);
  return tools::Error{Cat("cannot copy into ", to, ": ",
                          said.empty() ? o.Describe() : said[0])};
}

}  // namespace

int CmdScratch(Context& context, const Args&) {
  Terminal& t = context.terminal;
  const std::string dir = context.Path(kDir);
  if (tools::FileExists(dir) && context.options.force) {
    if (const tools::Done gone = tools::RemoveTree(dir); !gone.ok()) {
      return context.Fail(gone.error(), kBrokenExit);
    }
  }
  const bool there = tools::FileExists(dir);
  if (!there) {
    const Result<std::vector<std::string>> names = ToCopy(context);
    if (!names.ok()) return context.Fail(names.error(), kBrokenExit);
    // Under another name until it is whole.
    const std::string unfinished = Cat(kDir, ".new");
    tools::Done copied = tools::RemoveTree(context.Path(unfinished));
    if (copied.ok()) copied = Copy(context, *names, unfinished);
    for (const char* own : {".wb/setup.bazelrc", ".wb/bin"}) {
      if (copied.ok() && tools::FileExists(context.Path(own))) {
        copied = Copy(context, {own}, Cat(unfinished, "/.wb"));
      }
    }
    if (copied.ok() &&
        rename(context.Path(unfinished).c_str(), dir.c_str()) != 0) {
      copied = tools::Error{Cat("cannot rename ", unfinished)};
    }
    if (!copied.ok()) {
      (void)tools::RemoveTree(context.Path(unfinished));
      return context.Fail(copied.error(), kBrokenExit);
    }
  }
  t.Line(there ? "there is one already: " : "a copy of this tree: ",
         t.Bold(kDir));
  t.Line("  go there     ", t.Bold(Cat("cd ", dir)));
  t.Line("  change what you like, and build with bazel as here; the first");
  t.Line("  build takes as long as the first one here did");
  t.Line("  begin anew   ", t.Bold(context.Call("scratch --force")));
  t.Line("  remove it    ", t.Bold(Cat("rm -r ", dir)));
  return kOk;
}

}  // namespace mn::wb
