// Takes a submission apart: the keep-listed files come out, the rest stays.
//
// A submission is a directory that a stranger filled: links to files of the
// machine, pipes that never end, names that are not text, a BUILD that marks
// its own homework. So nothing is copied that the manifest does not name, every
// step of a path is opened with O_NOFOLLOW from the directory before it, and
// only regular files with one name and up to the manifest's size are read,
// once, into memory: what was looked at is what is graded.
//
// And it is a directory that an honest person packed: with a folder or two
// around it, beside what the system leaves (.DS_Store, __MACOSX), a whole
// checkout with the answer flat beside it. So a lesson's file is looked for in
// every folder, in each as in a checkout, as in exercises/, and flat. Of
// several, what is not the starter goes before what is, and then the outer
// folder before the inner. Where the file lay is in the record and in the
// summary, and a note names the others. In a checkout the course's own folders
// are left out: the answers there are not the student's.
//
// Rejected: realpath() and a prefix check (a link may be swapped in between);
// copying the tree and deleting what is not wanted (one forgotten pattern and
// the student's BUILD decides); taking the outermost file whatever it is (a
// starter in exercises/, and the work beside it is worth nothing).
//
// Accepted, with a note: a byte-order mark, CRLF and CR line ends, which become
// LF, and Latin-1 characters in comments and literals. Refused: other text that
// is not UTF-8, NUL bytes, links of both kinds, oversized files.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "tools/common/course.h"
#include "tools/common/result.h"
#include "tools/grade/flag.h"

namespace mn::grade {

struct TakenFile {
  std::string path;    // as the manifest names it: "run_queue.cc"
  std::string from;    // where it lay, fit for a terminal:
                       // "homework/04_run_queue/run_queue.cc"
  std::string sha256;  // of the bytes handed in
  std::string text;    // what is compiled (see text.h, Normalise)
};

struct LessonInput {
  enum class State {
    kTaken,    // at least one of the lesson's files, none refused
    kMissing,  // nothing of this lesson was handed in
    kRefused,  // something is there that is not taken: `message` says why
  };
  State state = State::kMissing;
  std::vector<TakenFile> files;
  std::string message;
  std::vector<Flag> flags;
  std::vector<std::string> notes;
};

struct IgnoredFile {
  std::string path;  // fit for a terminal
  std::string why;
};

struct Submission {
  std::string id;     // the directory's name
  std::string shape;  // "checkout", "exercises tree", "flat" or "empty"
  std::map<std::string, LessonInput> lessons;  // by lesson id

  std::vector<IgnoredFile> ignored;  // the first kMaxIgnored by name
  std::size_t ignored_more = 0;
  std::size_t same_as_course = 0;  // ignored too, but nobody need read of it
};

inline constexpr std::size_t kMaxIgnored = 100;

// REQUIRES: lessons are of one course, so their keep paths are plain relative
// names. `course_dir` is the instructor's tree: what a student's checkout
// shares with it is counted, not listed. An error is about `dir` itself.
tools::Result<Submission> Take(const std::string& dir,
                               const std::vector<tools::Lesson>& lessons,
                               const std::string& course_dir);

}  // namespace mn::grade
