// What a save means to watch mode.
#pragma once

#include <set>
#include <string>

#include "tools/common/course.h"

namespace mn::wb {

// The lesson whose keep-listed file is among `paths` ("04_run_queue/
// run_queue.cc"); `current` if several are. Null: nothing of a learner's was
// saved (an editor's swap file, the judge's own sources).
const tools::Lesson* LessonOfSaved(const tools::Course& course,
                                   const std::set<std::string>& paths,
                                   const tools::Lesson& current);

// The lesson after `lesson`; after the last one, the first.
const tools::Lesson* NextLesson(const tools::Course& course,
                                const tools::Lesson& lesson);

}  // namespace mn::wb
