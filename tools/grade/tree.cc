#include "tools/grade/tree.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/grade/sha256.h"

namespace mn::grade {
namespace {

namespace fs = std::filesystem;
using tools::Cat;
using tools::Done;
using tools::Error;
using tools::JoinPath;
using tools::Nothing;
using tools::Result;

tools::Outcome Git(const std::string& dir, std::vector<std::string> args) {
  tools::Command c;
  c.argv = {"git", "-C", dir};
  c.argv.insert(c.argv.end(), args.begin(), args.end());
  c.max_capture = 64u << 20;
  c.set_env = {{"GIT_OPTIONAL_LOCKS", "0"}};  // it may be read-only here
  return tools::RunCommand(c);
}

// Not the course's, whatever git says.
bool LeftOut(const std::string& path) {
  auto below = [&](std::string_view dir) {
    return path == dir || path.starts_with(Cat(dir, "/"));
  };
  return below("solutions") || below(".git") || below(".wb") ||
         path.starts_with("bazel-") || path == "user.bazelrc";
}

Result<std::set<std::string>> WalkFiles(const std::string& root) {
  std::set<std::string> files;
  std::error_code ec;
  fs::recursive_directory_iterator it(root, ec), end;
  while (!ec && it != end) {
    const std::string path = it->path().lexically_relative(root).string();
    if (LeftOut(path)) {
      if (!it->is_symlink() && it->is_directory())
        it.disable_recursion_pending();
    } else if (!it->is_symlink() && it->is_regular_file()) {
      files.insert(path);
    }
    it.increment(ec);
  }
  if (ec) return Error{Cat("cannot read ", root, ": ", ec.message())};
  return files;
}

Result<std::set<std::string>> CourseFiles(const std::string& root) {
  std::set<std::string> files;
  const tools::Outcome o = Git(
      root, {"ls-files", "-z", "--cached", "--others", "--exclude-standard"});
  // No git, or a checkout that git does not trust: everything, then.
  if (!o.ok() || o.dropped > 0) return WalkFiles(root);
  for (const std::string& path : tools::Split(o.out, '\0', false)) {
    std::error_code ec;
    const fs::file_status status = fs::symlink_status(JoinPath(root, path), ec);
    if (!LeftOut(path) && fs::is_regular_file(status)) files.insert(path);
  }
  // What ./setup found out about this machine's compiler.
  if (tools::FileExists(JoinPath(root, ".wb/setup.bazelrc")))
    files.insert(".wb/setup.bazelrc");
  return files;
}

Done WriteIfDifferent(const std::string& path, std::string_view text) {
  std::error_code ec;
  if (fs::is_regular_file(fs::symlink_status(path, ec))) {
    Result<std::string> old = tools::ReadFile(path);
    if (old.ok() && *old == text) return Nothing{};
  } else if (fs::exists(fs::symlink_status(path, ec))) {
    if (Done d = tools::RemoveTree(path); !d.ok()) return d;
  }
  const std::string parent = fs::path(path).parent_path().string();
  if (Done d = tools::MakeDirs(parent); !d.ok()) return d;
  return tools::WriteFileAtomic(path, text);
}

Done KeepMode(const std::string& from, const std::string& to) {
  struct stat st;
  if (stat(from.c_str(), &st) != 0 ||
      chmod(to.c_str(), st.st_mode & S_IXUSR ? 0755 : 0644) != 0)
    return Error{Cat("cannot set the mode of ", to)};
  return Nothing{};
}

}  // namespace

std::string CourseCommit(const std::string& root) {
  const tools::Outcome head = Git(root, {"rev-parse", "HEAD"});
  if (!head.ok()) return "unknown";
  std::string commit(tools::Trim(head.out));
  const tools::Outcome status = Git(root, {"status", "--porcelain"});
  if (!status.ok() || !tools::Trim(status.out).empty()) commit += "-dirty";
  return commit;
}

Result<std::string> StarterText(const std::string& course_dir,
                                const tools::Lesson& lesson,
                                const std::string& path) {
  const std::string dir = JoinPath(course_dir, lesson.ExerciseDir());
  // A lesson with one file calls its starter judge/starter.cc; with several,
  // the others are judge/starter_NAME.
  const bool first = !lesson.keep.empty() && lesson.keep[0].path == path;
  return tools::ReadFile(
      JoinPath(dir, first ? "judge/starter.cc" : Cat("judge/starter_", path)));
}

Result<Tree> MirrorCourse(const std::string& course_dir, const std::string& dir,
                          const std::vector<tools::Lesson>& lessons) {
  Result<std::set<std::string>> files = CourseFiles(course_dir);
  if (!files.ok()) return Error{files.error()};
  if (!files->contains("WORKSPACE"))
    return Error{Cat(course_dir, " is not a checkout of the course")};
  if (Done d = tools::MakeDirs(dir); !d.ok()) return Error{d.error()};

  Result<std::set<std::string>> old = WalkFiles(dir);
  if (!old.ok()) return Error{old.error()};
  for (const std::string& path : *old) {
    if (files->contains(path)) continue;
    Done d = tools::RemoveTree(JoinPath(dir, path));
    if (!d.ok()) return Error{d.error()};
  }

  std::set<std::string> learners;
  for (const tools::Lesson& lesson : lessons) {
    for (const tools::KeepFile& keep : lesson.keep)
      learners.insert(JoinPath(lesson.ExerciseDir(), keep.path));
  }
  std::string digest;
  for (const std::string& path : *files) {
    if (learners.contains(path)) continue;
    const std::string from = JoinPath(course_dir, path);
    const std::string to = JoinPath(dir, path);
    Result<std::string> text = tools::ReadFile(from);
    if (!text.ok()) return Error{text.error()};
    if (Done d = WriteIfDifferent(to, *text); !d.ok()) return Error{d.error()};
    if (Done d = KeepMode(from, to); !d.ok()) return Error{d.error()};
    digest += Cat(path, '\0' + Sha256Hex(*text), "\n");
  }
  Tree tree;
  tree.dir = dir;
  tree.fingerprint = Sha256Hex(digest);
  for (const tools::Lesson& lesson : lessons) {
    for (const tools::KeepFile& keep : lesson.keep) {
      Result<std::string> text = StarterText(course_dir, lesson, keep.path);
      if (!text.ok()) return Error{text.error()};
      Done d = PutFile(tree, lesson, keep.path, *text);
      if (!d.ok()) return Error{d.error()};
    }
  }
  return tree;
}

Done PutFile(const Tree& tree, const tools::Lesson& lesson,
             const std::string& path, std::string_view text) {
  return WriteIfDifferent(
      JoinPath(tree.dir, JoinPath(lesson.ExerciseDir(), path)), text);
}

}  // namespace mn::grade
