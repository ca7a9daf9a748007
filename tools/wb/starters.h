// Starters: the text that a learner's file began from, the one that the
// checkout has now, and backups of what the learner made of it.
//
// Why it is hard: a pull may change a starter under a file that somebody has
// worked on. To merge the change one needs the text that the file began from,
// and the pull has overwritten that. So .wb/starters keeps a copy from the
// first time that wb sees a lesson.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/common/files.h"
#include "tools/wb/context.h"

namespace mn::wb {

// In the workspace. A lesson with one file has judge/starter.cc; with several,
// each is in judge/starter/ under its own name.
std::string StarterPath(const tools::Lesson& lesson,
                        const tools::KeepFile& file);
std::string LearnersPath(const tools::Lesson& lesson,
                         const tools::KeepFile& file);

// The text that the learner's file began from; nullopt: never seen.
std::optional<std::string> BaseOf(const Context& context,
                                  const tools::Lesson& lesson,
                                  const tools::KeepFile& file);
tools::Done SetBase(const Context& context, const tools::Lesson& lesson,
                    const tools::KeepFile& file, const std::string& text);

// Keeps a copy of every starter that wb sees for the first time, and follows a
// starter to whose new text the learner's file was changed as well. Returns the
// lessons whose starter is another than the learner's file began from.
std::vector<const tools::Lesson*> LookAtStarters(const Context& context);

// Writes `text` to .wb/backups/LESSON/NNN/FILE, NNN the first free number, and
// returns that path. One that holds this text already serves again. REQUIRES:
// the caller holds LockBackups().
tools::Result<std::string> BackUp(const Context& context,
                                  const tools::Lesson& lesson,
                                  const tools::KeepFile& file,
                                  const std::string& text);
// Two at once must not take the same number.
tools::Result<tools::FileLock> LockBackups(const Context& context);

}  // namespace mn::wb
