#include "tools/grade/take.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "runtime/os/subprocess/fd.h"
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
        refuse(absl::StrFormat("%s: %s", so_far, std::strerror(errno)));
      return found;
    }
    if (S_ISLNK(st.st_mode)) {
      found.link_target = ReadLinkAt(dir.get(), name);
      refuse(absl::StrFormat(
          "%s is a symbolic link (to %s): links are not followed; hand in the "
          "file itself",
          so_far, Printable(found.link_target)));
      return found;
    }
    if (!last && !S_ISDIR(st.st_mode)) return found;
    if (last && !S_ISREG(st.st_mode)) {
      refuse(
          so_far +
          (S_ISDIR(st.st_mode) ? " is a directory" : " is not a regular file") +
          ": hand in the file itself");
      return found;
    }
    // O_NONBLOCK: should a pipe take the file's place now, open must not wait.
    Fd next(openat(dir.get(), name.c_str(),
                   O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
                       (last ? 0 : O_DIRECTORY)));
    if (!next.open()) {
      refuse(absl::StrFormat("%s: %s", so_far, std::strerror(errno)));
      return found;
    }
    if (last) {
      if (fstat(next.get(), &st) != 0 || !S_ISREG(st.st_mode)) {
        refuse(so_far + " changed while it was looked at");
        return found;
      }
      found.what = Found::kRegular;
      found.size = static_cast<std::size_t>(st.st_size);
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
      : root_(std::move(root)), course_(course_dir) {}

  // Zip tools and browsers wrap what they pack into one more directory.
  void Unwrap(const std::vector<Lesson>& lessons) {
    for (int i = 0; i < 3; ++i) {
      auto names = Names(root_.get());
      std::erase(names, "__MACOSX");
      if (names.size() != 1 || IsOurs(names[0], lessons)) return;
      Fd inner(openat(root_.get(), names[0].c_str(),
                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!inner.open()) return;
      root_ = std::move(inner);
      prefix_ += names[0] + "/";
    }
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
  static bool IsOurs(const std::string& name,
                     const std::vector<Lesson>& lessons) {
    if (name == "exercises") return true;
    return std::any_of(lessons.begin(), lessons.end(), [&](const Lesson& l) {
      return l.id == name ||
             std::any_of(l.keep.begin(), l.keep.end(), [&](const auto& k) {
               return Components(k.path)[0] == name;
             });
    });
  }

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

  // False if it is not there in any shape.
  bool TakeFile(const Lesson& lesson, const tools::KeepFile& keep,
                LessonInput& in) {
    const std::pair<const char*, std::string> places[] = {
        {"checkout", "exercises/" + lesson.id + "/" + keep.path},
        {"exercises tree", lesson.id + "/" + keep.path},
        {"flat", keep.path},
    };
    for (const auto& [name, place] : places) {
      Found found = LookUp(root_.get(), place);
      if (found.what == Found::kAbsent) continue;
      used_.insert(place);
      if (shape == "empty") shape = name;
      Check(keep, prefix_ + place, found, in);
      return true;
    }
    return false;
  }

  void Check(const tools::KeepFile& keep, const std::string& from, Found& found,
             LessonInput& in) {
    auto refuse = [&](std::string why) {
      in.state = LessonInput::State::kRefused;
      if (!in.message.empty()) in.message += "; ";
      in.message += why;
    };
    if (found.what == Found::kRefused) {
      if (!found.link_target.empty())
        in.flags.push_back({"link", from, 0,
                            "symbolic link to " + Printable(found.link_target),
                            "a link can make the grader read a file that the "
                            "student cannot"});
      return refuse(found.why);
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
    if (auto bad = FirstBadUtf8(*data)) {
      return refuse(absl::StrFormat(
          "%s is not UTF-8 (byte 0x%02x in line %d): save it as UTF-8", from,
          static_cast<unsigned char>((*data)[*bad]), LineOf(*data, *bad)));
    }
    TakenFile file;
    file.path = keep.path;
    file.from = from;
    file.sha256 = Sha256Hex(*data);
    Normalised n = Normalise(*data);
    if (n.had_bom)
      in.notes.push_back(keep.path + ": a byte-order mark was taken off");
    if (n.had_crlf)
      in.notes.push_back(keep.path + ": CRLF line ends were read as LF");
    file.text = std::move(n.text);
    in.files.push_back(std::move(file));
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
    std::string text =
        absl::StrFormat("%s was not handed in (looked for %s)", names, places);
    std::string like = SimilarName(lesson, absent);
    if (!like.empty())
      text += "; there is " + like + ": if that is it, it needs the exact name";
    return text;
  }

  // "Run_Queue.cc", "run_queue.cc.txt", "run_queue (1).cc".
  std::string SimilarName(const Lesson& lesson,
                          const std::vector<std::string>& absent) {
    for (const std::string& dir :
         {"exercises/" + lesson.id, lesson.id, std::string(".")}) {
      Fd fd(openat(root_.get(), dir.c_str(),
                   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      if (!fd.open()) continue;
      for (const std::string& name : Names(fd.get())) {
        for (const std::string& path : absent) {
          std::string stem = tools::Lower(Base(path));
          stem = stem.substr(0, stem.rfind('.'));
          if (tools::Lower(name).starts_with(stem))
            return Printable(dir == "." ? name : dir + "/" + name);
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
      std::string shown = Printable(prefix_ + path);
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
    std::string theirs = shape == "exercises tree" ? "exercises/" + rel : rel;
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
  std::string prefix_;          // of the directories that Unwrap went through
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
      return Error{dir +
                   " is a file: unpack it and name the directory that holds "
                   "the student's files"};
    return Error{absl::StrFormat("cannot open the submission %s: %s", dir,
                                 std::strerror(error))};
  }
  Submission out;
  out.id = IdOf(dir);
  Taker taker(std::move(root), course_dir);
  taker.Unwrap(lessons);
  for (const Lesson& lesson : lessons)
    out.lessons[lesson.id] = taker.TakeLesson(lesson);
  taker.ListIgnored(out);
  out.shape = taker.shape;
  return out;
}

}  // namespace mn::grade
