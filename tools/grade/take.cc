#include "tools/grade/take.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "runtime/os/subprocess/fd.h"
#include "tools/common/lexer.h"
#include "tools/common/text.h"
#include "tools/grade/sha256.h"
#include "tools/grade/untrusted_text.h"

namespace mn::grade {
namespace {

using os::Fd;
using tools::Error;
using tools::Lesson;
using tools::Result;

// Bounds on a walk through a stranger's tree.
constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxEntries = 50000;
// And on the search for a lesson's file.
constexpr std::size_t kMaxFolders = 1000;
constexpr std::size_t kMaxAlike = 50;

std::vector<std::string> Components(const std::string& path) {
  return tools::Split(path, '/', /*keep_empty=*/false);
}

std::string Base(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

// What a path under a directory turned out to be.
struct Found {
  enum { kAbsent, kRegular, kRefused } what = kAbsent;
  Fd fd;
  std::size_t size = 0;
  std::size_t names = 1;    // hard links
  std::string why;          // kRefused
  std::string link_target;  // kRefused because of a link
};

std::string ReadLinkAt(int dir, const std::string& name) {
  char target[4096];
  ssize_t n = readlinkat(dir, name.c_str(), target, sizeof target);
  return n < 0 ? "?" : std::string(target, n);
}

// Follows `path` from `root` without following a link.
Found LookUp(int root, const std::string& path) {
  Found found;
  auto refuse = [&](std::string why) {
    found.what = Found::kRefused;
    found.why = std::move(why);
  };
  std::vector<std::string> parts = Components(path);
  std::string so_far;
  Fd dir(dup(root));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string& name = parts[i];
    bool last = i + 1 == parts.size();
    so_far += (i ? "/" : "") + name;
    struct stat st;
    if (fstatat(dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno != ENOENT && errno != ENOTDIR)
        refuse(
            absl::StrFormat("%s: %s", Printable(so_far), std::strerror(errno)));
      return found;
    }
    if (S_ISLNK(st.st_mode)) {
      found.link_target = ReadLinkAt(dir.get(), name);
      refuse(absl::StrFormat(
          "%s is a symbolic link (to %s): links are not followed; hand in the "
          "file itself",
          Printable(so_far), Printable(found.link_target)));
      return found;
    }
    if (!last && !S_ISDIR(st.st_mode)) return found;
    if (last && !S_ISREG(st.st_mode)) {
      refuse(
          Printable(so_far) +
          (S_ISDIR(st.st_mode) ? " is a directory" : " is not a regular file") +
          ": hand in the file itself");
      return found;
    }
    // O_NONBLOCK: should a pipe take the file's place now, open must not wait.
    Fd next(openat(dir.get(), name.c_str(),
                   O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
                       (last ? 0 : O_DIRECTORY)));
    if (!next.open()) {
      refuse(
          absl::StrFormat("%s: %s", Printable(so_far), std::strerror(errno)));
      return found;
    }
    if (last) {
      if (fstat(next.get(), &st) != 0 || !S_ISREG(st.st_mode)) {
        refuse(Printable(so_far) + " changed while it was looked at");
        return found;
      }
      found.what = Found::kRegular;
      found.size = static_cast<std::size_t>(st.st_size);
      found.names = static_cast<std::size_t>(st.st_nlink);
    }
    dir = std::move(next);
  }
  found.fd = std::move(dir);
  return found;
}

// Up to `max` + 1 bytes, so that the caller sees "too large" by the length.
Result<std::string> ReadUpTo(int fd, std::size_t max) {
  std::string data(max + 1, '\0');
  std::size_t got = 0;
  while (got < data.size()) {
    ssize_t n = read(fd, data.data() + got, data.size() - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error{std::strerror(errno)};
    if (n == 0) break;
    got += n;
  }
  data.resize(got);
  return data;
}

class Taker {
 public:
  Taker(Fd root, const std::string& course_dir)
      : root_(std::move(root)), course_(course_dir) {
    FindFolders();
  }

  LessonInput TakeLesson(const Lesson& lesson) {
    LessonInput in;
    std::vector<std::string> absent;
    for (const tools::KeepFile& keep : lesson.keep) {
      if (!TakeFile(lesson, keep, in)) absent.push_back(keep.path);
    }
    if (in.state == LessonInput::State::kRefused) return in;
    if (in.files.empty()) {
      in.message = Missing(lesson, absent);
      return in;
    }
    in.state = LessonInput::State::kTaken;
    for (const std::string& path : absent)
      in.notes.push_back(path + " was not handed in: the starter's is used");
    return in;
  }

  void ListIgnored(Submission& out) {
    Walk(root_.get(), "", 0, out);
    std::sort(out.ignored.begin(), out.ignored.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    if (out.ignored.size() > kMaxIgnored) {
      out.ignored_more = out.ignored.size() - kMaxIgnored;
      out.ignored.resize(kMaxIgnored);
    }
  }

  std::string shape = "empty";

 private:
  static std::vector<std::string> Names(int dir) {
    std::vector<std::string> names;
    DIR* d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (d == nullptr) return names;
    while (dirent* e = readdir(d)) {
      std::string name = e->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    closedir(d);
    std::sort(names.begin(), names.end());
    return names;
  }

  // Every folder that a student's file may lie in, the outer ones first, with a
  // '/' behind each: "", "homework/", "homework/exercises/".
  void FindFolders() {
    folders_ = {""};
    for (std::size_t i = 0; i < folders_.size(); ++i) {
      const std::string folder = folders_[i];
      if (std::count(folder.begin(), folder.end(), '/') >= kMaxDepth) continue;
      Fd dir = OpenFolder(folder);
      if (!dir.open()) continue;
      const std::vector<std::string> names = Names(dir.get());
      const bool checkout =
          std::find(names.begin(), names.end(), "exercises") != names.end();
      for (const std::string& name : names) {
        // What systems, editors and Bazel leave.
        if (name.starts_with(".") || name == "__MACOSX" ||
            name.starts_with("bazel-"))
          continue;
        if (checkout && name != "exercises" && IsOfTheCourse(name)) continue;
        struct stat st;
        if (fstatat(dir.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISDIR(st.st_mode))
          continue;
        if (folders_.size() >= kMaxFolders) return;
        folders_.push_back(folder + name + "/");
      }
    }
  }

  Fd OpenFolder(const std::string& folder) const {
    Fd dir(dup(root_.get()));
    for (const std::string& name : Components(folder)) {
      Fd next(openat(dir.get(), name.c_str(),
                     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      dir = std::move(next);
      if (!dir.open()) break;
    }
    return dir;
  }

  bool IsOfTheCourse(const std::string& name) const {
    struct stat st;
    return !course_.empty() && stat((course_ + "/" + name).c_str(), &st) == 0;
  }

  // One place where a lesson's file lies, and what came of reading it there.
  struct Candidate {
    std::string shape;
    std::string folder, place;  // "homework/", "homework/run_queue.cc"
    bool starter = false;       // as it was given out
    LessonInput input;
    bool refused() const { return input.state == LessonInput::State::kRefused; }
  };

  // False if it is not there in any shape.
  bool TakeFile(const Lesson& lesson, const tools::KeepFile& keep,
                LessonInput& in) {
    const std::pair<const char*, std::string> shapes[] = {
        {"checkout", "exercises/" + lesson.id + "/" + keep.path},
        {"exercises tree", lesson.id + "/" + keep.path},
        {"flat", keep.path},
    };
    const std::string starter = StarterText(lesson, keep);
    std::set<std::string> seen;
    std::vector<Candidate> candidates;
    for (const std::string& folder : folders_) {
      for (const auto& [name, path] : shapes) {
        Candidate c;
        c.shape = name;
        c.folder = folder;
        c.place = folder + path;
        if (candidates.size() >= kMaxAlike || !seen.insert(c.place).second)
          continue;
        Found found = LookUp(root_.get(), c.place);
        if (found.what == Found::kAbsent) continue;
        Check(keep, Printable(c.place), found, c.input);
        c.starter = !c.refused() && c.input.files[0].text == starter;
        candidates.push_back(std::move(c));
      }
    }
    if (candidates.empty()) return false;
    const auto taken = std::min_element(
        candidates.begin(), candidates.end(), [](const auto& a, const auto& b) {
          return std::pair(a.refused(), a.starter) <
                 std::pair(b.refused(), b.starter);
        });
    Add(*taken, in);
    for (const Candidate& other : candidates) NoteOther(other, *taken, in);
    return true;
  }

  void Add(const Candidate& taken, LessonInput& in) {
    used_.insert(taken.place);
    if (shape == "empty") {
      shape = taken.shape;
      prefix_ = taken.folder;
    }
    const LessonInput& found = taken.input;
    if (taken.refused()) in.state = found.state;
    if (!in.message.empty() && !found.message.empty()) in.message += "; ";
    in.message += found.message;
    in.files.insert(in.files.end(), found.files.begin(), found.files.end());
    in.flags.insert(in.flags.end(), found.flags.begin(), found.flags.end());
    in.notes.insert(in.notes.end(), found.notes.begin(), found.notes.end());
  }

  static void NoteOther(const Candidate& other, const Candidate& taken,
                        LessonInput& in) {
    if (&other == &taken || taken.refused()) return;
    const std::string place = Printable(other.place);
    if (other.refused()) {
      in.flags.insert(in.flags.end(), other.input.flags.begin(),
                      other.input.flags.end());
      in.notes.push_back("not used: " + other.input.message);
    } else if (other.starter && !taken.starter) {
      in.notes.push_back("not used: " + place +
                         " is the starter as it was given out");
    } else if (other.input.files[0].text != taken.input.files[0].text) {
      in.notes.push_back("not used: " + place + ", which differs");
    }
  }

  // As Check makes it of a file.
  std::string StarterText(const Lesson& lesson,
                          const tools::KeepFile& keep) const {
    const bool first = !lesson.keep.empty() && lesson.keep[0].path == keep.path;
    Fd course(open(course_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    constexpr std::size_t kMax = 1 << 20;
    if (course.open()) {
      Found found = LookUp(course.get(),
                           "exercises/" + lesson.id + "/judge/" +
                               (first ? "starter.cc" : "starter_" + keep.path));
      if (found.what == Found::kRegular) {
        Result<std::string> text = ReadUpTo(found.fd.get(), kMax);
        if (text.ok()) return Normalise(*text).text;
      }
    }
    return std::string(1, '\0');  // which no text is
  }

  void Check(const tools::KeepFile& keep, const std::string& from, Found& found,
             LessonInput& in) {
    auto refuse = [&](std::string why) {
      in.state = LessonInput::State::kRefused;
      in.message = std::move(why);
    };
    if (found.what == Found::kRefused) {
      if (!found.link_target.empty())
        in.flags.push_back({"link", from, 0,
                            "symbolic link to " + Printable(found.link_target),
                            "a link can make the grader read a file that the "
                            "student cannot"});
      return refuse(found.why);
    }
    if (found.names > 1) {
      in.flags.push_back({"link", from, 0, "hard link",
                          "a link can make the grader read a file that the "
                          "student cannot"});
      return refuse(absl::StrFormat(
          "%s is a hard link: the file has %d names, and one of them may be "
          "somebody else's; hand in a copy",
          from, found.names));
    }
    auto max = static_cast<std::size_t>(keep.max_bytes);
    auto too_large = [&](const std::string& size) {
      refuse(absl::StrFormat("%s is too large: %s bytes, at most %d", from,
                             size, keep.max_bytes));
    };
    if (found.size > max) return too_large(std::to_string(found.size));
    Result<std::string> data = ReadUpTo(found.fd.get(), max);
    if (!data.ok()) return refuse(from + ": " + data.error());
    if (data->size() > max)
      return too_large("more than " + std::to_string(max));
    if (auto nul = data->find('\0'); nul != std::string::npos) {
      return refuse(absl::StrFormat(
          "%s has a NUL byte in line %d: it is not a text file, or it is "
          "UTF-16; save it as UTF-8",
          from, LineOf(*data, nul)));
    }
    TakenFile file;
    file.path = keep.path;
    file.from = from;
    file.sha256 = Sha256Hex(*data);
    if (FirstBadUtf8(*data)) {
      FromLatin1 read = ReadLatin1(*data);
      if (auto bad = FirstInCode(*data, read.offsets)) {
        return refuse(absl::StrFormat(
            "%s is not UTF-8 (byte 0x%02x in line %d): save it as UTF-8", from,
            static_cast<unsigned char>((*data)[*bad]), LineOf(*data, *bad)));
      }
      in.notes.push_back(absl::StrFormat(
          "%s: not UTF-8 (the first time in line %d); read as Latin-1",
          keep.path, LineOf(*data, read.offsets[0])));
      *data = std::move(read.text);
    }
    Normalised n = Normalise(*data);
    if (n.had_bom)
      in.notes.push_back(keep.path + ": a byte-order mark was taken off");
    if (n.had_crlf)
      in.notes.push_back(keep.path + ": CRLF line ends were read as LF");
    if (n.had_cr)
      in.notes.push_back(keep.path + ": CR line ends were read as LF");
    file.text = std::move(n.text);
    in.files.push_back(std::move(file));
  }

  // The first of `offsets` that is neither in a comment nor in a literal.
  static std::optional<std::size_t> FirstInCode(
      const std::string& text, const std::vector<std::size_t>& offsets) {
    std::string lines = text;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i] == '\r' && (i + 1 == lines.size() || lines[i + 1] != '\n'))
        lines[i] = '\n';
    }
    const std::string code = tools::WithoutComments(lines);
    for (std::size_t at : offsets) {
      if (code[at] == text[at]) return at;
    }
    return std::nullopt;
  }

  std::string Missing(const Lesson& lesson,
                      const std::vector<std::string>& absent) {
    std::string names, places;
    for (const std::string& path : absent) {
      names += (names.empty() ? "" : ", ") + path;
      if (places.empty())
        places = absl::StrFormat("exercises/%s/%s, %s/%s and %s", lesson.id,
                                 path, lesson.id, path, path);
    }
    std::string text = absl::StrFormat(
        "%s was not handed in (looked for %s in every folder)", names, places);
    std::string like = SimilarName(absent);
    if (!like.empty())
      text += "; there is " + like + ": if that is it, it needs the exact name";
    return text;
  }

  // "Run_Queue.cc", "run_queue.cc.txt", "run_queue (1).cc".
  std::string SimilarName(const std::vector<std::string>& absent) {
    for (const std::string& folder : folders_) {
      Fd fd = OpenFolder(folder);
      if (!fd.open()) continue;
      for (const std::string& name : Names(fd.get())) {
        for (const std::string& path : absent) {
          std::string stem = tools::Lower(Base(path));
          stem = stem.substr(0, stem.rfind('.'));
          if (tools::Lower(name).starts_with(stem))
            return Printable(folder + name);
        }
      }
    }
    return "";
  }

  void Walk(int dir, const std::string& rel, int depth, Submission& out) {
    for (const std::string& name : Names(dir)) {
      if (++entries_ > kMaxEntries) {
        ++out.ignored_more;
        continue;
      }
      std::string path = rel + name;
      if (used_.contains(path)) continue;
      struct stat st;
      if (fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) continue;
      if (S_ISDIR(st.st_mode) && name != ".git" && depth < kMaxDepth) {
        Fd sub(openat(dir, name.c_str(),
                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (sub.open()) {
          Walk(sub.get(), path + "/", depth + 1, out);
          continue;
        }
      }
      if (S_ISREG(st.st_mode) && SameAsCourse(path)) {
        ++out.same_as_course;
        continue;
      }
      std::string shown = Printable(path);
      if (S_ISDIR(st.st_mode)) shown += "/";
      out.ignored.push_back({shown, Why(name, st.st_mode)});
    }
  }

  static std::string Why(const std::string& name, mode_t mode) {
    if (FirstBadUtf8(name)) return "its name is not UTF-8";
    if (S_ISLNK(mode)) return "a symbolic link";
    if (S_ISDIR(mode)) return name == ".git" ? "version control" : "too deep";
    if (!S_ISREG(mode)) return "not a regular file";
    if (name == "BUILD" || name == "WORKSPACE" || name.ends_with(".bazel") ||
        name.ends_with(".bzl") || name.ends_with("bazelrc"))
      return "the course's own build files are used";
    return "not on a lesson's keep list";
  }

  bool SameAsCourse(const std::string& rel) {
    if (course_.empty()) return false;
    // Behind the folders around the student's checkout.
    if (!rel.starts_with(prefix_)) return false;
    std::string theirs = rel.substr(prefix_.size());
    if (shape == "exercises tree") theirs = "exercises/" + theirs;
    Found a = LookUp(root_.get(), rel);
    Fd course(open(course_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (a.what != Found::kRegular || !course.open()) return false;
    Found b = LookUp(course.get(), theirs);
    constexpr std::size_t kMax = 1 << 20;
    if (b.what != Found::kRegular || a.size != b.size || a.size > kMax)
      return false;
    auto x = ReadUpTo(a.fd.get(), kMax), y = ReadUpTo(b.fd.get(), kMax);
    return x.ok() && y.ok() && *x == *y;
  }

  Fd root_;
  std::string course_;
  std::vector<std::string> folders_;
  std::string prefix_;          // the folder that `shape` was found in
  std::set<std::string> used_;  // places that a lesson's file was found at
  std::size_t entries_ = 0;
};

std::string IdOf(const std::string& dir) {
  char* real = realpath(dir.c_str(), nullptr);
  std::string id = real == nullptr ? Base(dir) : Base(real);
  std::free(real);
  return id.empty() ? "submission" : Printable(id);
}

}  // namespace

Result<Submission> Take(const std::string& dir,
                        const std::vector<Lesson>& lessons,
                        const std::string& course_dir) {
  // The instructor names this one directory, so a link to it is followed.
  Fd root(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.open()) {
    int error = errno;
    struct stat st;
    if (error == ENOTDIR && stat(dir.c_str(), &st) == 0)
      return Error{Printable(dir) +
                   " is a file: unpack it and name the directory that holds "
                   "the student's files"};
    return Error{absl::StrFormat("cannot open the submission %s: %s",
                                 Printable(dir), std::strerror(error))};
  }
  Submission out;
  out.id = IdOf(dir);
  Taker taker(std::move(root), course_dir);
  for (const Lesson& lesson : lessons)
    out.lessons[lesson.id] = taker.TakeLesson(lesson);
  taker.ListIgnored(out);
  out.shape = taker.shape;
  return out;
}

}  // namespace mn::grade
