#include "tools/wb/starters.h"

#include "tools/common/text.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Done;
using tools::KeepFile;
using tools::Lesson;
using tools::Result;

std::string BasePath(const Lesson& lesson, const KeepFile& file) {
  return Cat(".wb/starters/", lesson.id, "/", file.path);
}

Done WriteWithDirs(const std::string& path, const std::string& text) {
  const Done made = tools::MakeDirs(path.substr(0, path.rfind('/')));
  return made.ok() ? tools::WriteFileAtomic(path, text) : made;
}

}  // namespace

std::string StarterPath(const Lesson& lesson, const KeepFile& file) {
  return lesson.keep.size() == 1
             ? Cat(lesson.ExerciseDir(), "/judge/starter.cc")
             : Cat(lesson.ExerciseDir(), "/judge/starter/", file.path);
}

std::string LearnersPath(const Lesson& lesson, const KeepFile& file) {
  return Cat(lesson.ExerciseDir(), "/", file.path);
}

std::optional<std::string> BaseOf(const Context& context, const Lesson& lesson,
                                  const KeepFile& file) {
  const std::string path = context.Path(BasePath(lesson, file));
  if (!tools::FileExists(path)) return std::nullopt;
  Result<std::string> text = tools::ReadFile(path);
  if (!text.ok()) return std::nullopt;
  return *std::move(text);
}

Done SetBase(const Context& context, const Lesson& lesson, const KeepFile& file,
             const std::string& text) {
  return WriteWithDirs(context.Path(BasePath(lesson, file)), text);
}

std::vector<const Lesson*> LookAtStarters(const Context& context) {
  std::vector<const Lesson*> changed;
  for (const Lesson& lesson : context.course.lessons) {
    for (const KeepFile& file : lesson.keep) {
      const Result<std::string> starter =
          tools::ReadFile(context.Path(StarterPath(lesson, file)));
      if (!starter.ok()) continue;
      const std::optional<std::string> base = BaseOf(context, lesson, file);
      if (base == *starter) continue;
      const Result<std::string> mine =
          tools::ReadFile(context.Path(LearnersPath(lesson, file)));
      if (!base || (mine.ok() && *mine == *starter)) {
        // Where nothing can be written, nothing was pulled either.
        (void)SetBase(context, lesson, file, *starter);
      } else if (changed.empty() || changed.back() != &lesson) {
        changed.push_back(&lesson);
      }
    }
  }
  return changed;
}

Result<std::string> BackUp(const Context& context, const Lesson& lesson,
                           const KeepFile& file, const std::string& text) {
  for (int n = 1;; ++n) {
    std::string number = std::to_string(n);
    number.insert(0, number.size() < 3 ? 3 - number.size() : 0, '0');
    const std::string path =
        Cat(".wb/backups/", lesson.id, "/", number, "/", file.path);
    if (tools::FileExists(context.Path(path))) {
      const Result<std::string> kept = tools::ReadFile(context.Path(path));
      if (kept.ok() && *kept == text) return path;
      continue;
    }
    const Done written = WriteWithDirs(context.Path(path), text);
    if (!written.ok()) return tools::Error{written.error()};
    return path;
  }
}

Result<tools::FileLock> LockBackups(const Context& context) {
  if (Done made = tools::MakeDirs(context.Path(".wb")); !made.ok()) {
    return tools::Error{made.error()};
  }
  return tools::FileLock::Acquire(context.Path(".wb/backups.lock"));
}

}  // namespace mn::wb
