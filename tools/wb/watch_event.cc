#include "tools/wb/watch_event.h"

#include "tools/common/text.h"

namespace mn::wb {

const tools::Lesson* LessonOfSaved(const tools::Course& course,
                                   const std::set<std::string>& paths,
                                   const tools::Lesson& current) {
  const tools::Lesson* saved = nullptr;
  for (const tools::Lesson& l : course.lessons) {
    for (const tools::KeepFile& k : l.keep) {
      if (!paths.contains(tools::Cat(l.id, "/", k.path))) continue;
      if (&l == &current) return &l;
      saved = &l;
    }
  }
  return saved;
}

const tools::Lesson* NextLesson(const tools::Course& course,
                                const tools::Lesson& lesson) {
  for (std::size_t i = 0; i < course.lessons.size(); ++i) {
    if (course.lessons[i].id != lesson.id) continue;
    return &course.lessons[(i + 1) % course.lessons.size()];
  }
  return &lesson;
}

}  // namespace mn::wb
