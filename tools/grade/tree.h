// The grading tree: a copy of the instructor's checkout that submissions are
// laid over, one at a time.
//
// What: every file of the checkout that belongs to the course, minus the
// solutions, minus whatever is the instructor's own (.wb, user.bazelrc, an
// exercise half done), with each learner file replaced by its starter. It stays
// on disk between runs, beside a Bazel output base of its own, so that grading
// the next student compiles one file.
//
// Why it is hard: the copy must be fresh, and rewriting it would make Bazel
// read everything again. So it is mirrored: a file is written only if its bytes
// differ, and whatever is not of the checkout is removed; a student's file that
// a killed grader left behind goes with it.
//
// Rejected: `git worktree` (an instructor grades with local fixes in place, and
// some unpack a tarball); building in the checkout itself (solutions are in
// reach, and so is the instructor's work).
//
// Thread-safety: one user at a time; grade_one.cc holds the lock.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/result.h"

namespace mn::grade {

struct Tree {
  std::string dir;
  std::string fingerprint;  // SHA-256 over names and contents
};

// The commit of the checkout, with "-dirty" behind it if something is changed;
// "unknown" without git.
std::string CourseCommit(const std::string& course_dir);

// Makes `dir` mirror the checkout `course_dir`. Files that git ignores are left
// out where git can tell.
tools::Result<Tree> MirrorCourse(const std::string& course_dir,
                                 const std::string& dir,
                                 const std::vector<tools::Lesson>& lessons);

// Lays `text` over the keep-listed `path` of a lesson.
tools::Done PutFile(const Tree& tree, const tools::Lesson& lesson,
                    const std::string& path, std::string_view text);

// The starter of a lesson's file; an error if the course has none.
tools::Result<std::string> StarterText(const std::string& course_dir,
                                       const tools::Lesson& lesson,
                                       const std::string& path);

}  // namespace mn::grade
