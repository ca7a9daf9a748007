#include "tools/grade/grade_one.h"

#include <filesystem>
#include <utility>

#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/grade/builder.h"
#include "tools/grade/judging.h"
#include "tools/grade/scan.h"
#include "tools/grade/summary.h"
#include "tools/grade/take.h"
#include "tools/grade/tree.h"
#include "tools/grade/untrusted_text.h"

namespace mn::grade {
namespace {

using tools::Cat;
using tools::Done;
using tools::Error;
using tools::JoinPath;
using tools::Lesson;
using tools::Nothing;
using tools::Result;

bool IsAboutAssembly(const Lesson& lesson) {
  return lesson.name == "context_switch";
}

class Grader {
 public:
  explicit Grader(const GradeOptions& o) : o_(o) {}

  Result<SubmissionRecord> Run() {
    Result<Submission> taken = Take(o_.submission, o_.lessons, o_.course_dir);
    if (!taken.ok()) return Error{taken.error()};
    record_.course = o_.course_id;
    record_.commit = CourseCommit(o_.course_dir);
    record_.submission = std::move(*taken);
    for (const Lesson& lesson : o_.lessons) AddLesson(lesson);
    if (Done d = tools::MakeDirs(JoinPath(o_.out, "logs")); !d.ok())
      return Error{Cat("--out: ", d.error())};
    if (Done d = Save(); !d.ok()) return Error{Cat("--out: ", d.error())};

    bool work = false;
    for (const LessonRecord& r : record_.lessons) work |= r.status == "pending";
    if (work) GradeTaken();
    if (!Stopped()) record_.complete = true;
    if (Done d = Save(); !d.ok()) return Error{Cat("--out: ", d.error())};
    Done d = tools::WriteFileAtomic(JoinPath(o_.out, "summary.txt"),
                                    SummaryText(record_));
    if (!d.ok()) return Error{Cat("--out: ", d.error())};
    return std::move(record_);
  }

 private:
  bool Stopped() const {
    return o_.canceller != nullptr && o_.canceller->cancelled();
  }
  void Say(const std::string& line) const {
    if (o_.say) o_.say(line);
  }

  void AddLesson(const Lesson& lesson) {
    LessonRecord r;
    r.lesson = lesson;
    LessonInput& in = record_.submission.lessons[lesson.id];
    r.files = in.files;
    r.flags = in.flags;
    r.notes = in.notes;
    r.message = in.message;
    for (const tools::CourseCase& c : lesson.cases) r.max += c.points;
    if (in.state == LessonInput::State::kMissing) r.status = "missing";
    if (in.state == LessonInput::State::kRefused) r.status = "refused";
    record_.lessons.push_back(std::move(r));
  }

  Done Save() const {
    const std::string text =
        ToJson(record_).dump(2, ' ', false, Json::error_handler_t::replace);
    return tools::WriteFileAtomic(JoinPath(o_.out, "results.json"),
                                  Cat(text, "\n"));
  }
  // A disk that is full now may have room for the last save, which is checked.
  void TrySave() const { (void)Save(); }

  void SaveLog(const LessonRecord& r, const char* kind,
               const std::string& text) const {
    (void)tools::WriteFileAtomic(
        JoinPath(o_.out, Cat("logs/", r.lesson.id, ".", kind, ".txt")),
        Printable(text, /*multiline=*/true));
  }

  void GradeTaken() {
    auto fail = [&](const std::string& why) {
      for (LessonRecord& r : record_.lessons) {
        if (r.status == "pending") Infra(why, &r);
      }
    };
    if (Done d = tools::MakeDirs(o_.cache_dir); !d.ok()) return fail(d.error());
    Say("waiting for the grading tree");
    Result<tools::FileLock> lock =
        tools::FileLock::Acquire(JoinPath(o_.cache_dir, "lock"));
    if (!lock.ok()) return fail(lock.error());
    Say("copying the course");
    Result<Tree> tree =
        MirrorCourse(o_.course_dir, JoinPath(o_.cache_dir, "tree"), o_.course);
    if (!tree.ok()) return fail(tree.error());
    Builder builder(*tree, o_.cache_dir, o_.walled_cc, o_.allow_weak_fence,
                    o_.canceller);
    Say("building the judges (the first time this takes minutes)");
    if (Done d = builder.Prepare(o_.lessons); !d.ok()) {
      fail(d.error());
    } else {
      for (LessonRecord& r : record_.lessons) {
        if (Stopped()) break;
        if (r.status == "pending") GradeLesson(*tree, builder, r);
        TrySave();
      }
    }
    if (o_.shutdown) builder.Shutdown();
  }

  static void Infra(const std::string& why, LessonRecord* r) {
    AllCases("infra_error", why, r);
    r->status = "infra_error";
    r->message = why;
  }

  void GradeLesson(const Tree& tree, Builder& builder, LessonRecord& r) {
    bool build = true;
    for (const TakenFile& file : r.files) {
      TextScan scan = ScanText(file.path, file.text);
      r.flags.insert(r.flags.end(), scan.flags.begin(), scan.flags.end());
      build &= scan.build;
    }
    if (!build) {
      r.message =
          "not built: an include reaches outside the course, and the "
          "compiler's error could quote what is there";
      AllCases("suspicious", r.message, &r);
      r.status = "suspicious";
      return;
    }
    for (const TakenFile& file : r.files) {
      Done d = PutFile(tree, r.lesson, file.path, file.text);
      if (!d.ok()) return Infra(d.error(), &r);
    }
    BuildAndJudge(builder, r);
    for (const TakenFile& file : r.files) {
      Result<std::string> starter =
          StarterText(o_.course_dir, r.lesson, file.path);
      // The next mirror would do it as well: a course that lost its starter
      // while it graded is not this student's business.
      if (starter.ok()) (void)PutFile(tree, r.lesson, file.path, *starter);
    }
  }

  void BuildAndJudge(Builder& builder, LessonRecord& r) {
    Say(Cat("building ", r.lesson.id));
    const BuildResult built = builder.Build(r.lesson);
    SaveLog(r, "build", built.log);
    if (Stopped()) return;
    switch (built.kind) {
      case BuildResult::kInfra:
        return Infra(built.text, &r);
      case BuildResult::kDoesNotBuild:
      case BuildResult::kTimeout:
        r.status = "build_error";
        r.message =
            Cat(r.lesson.keep[0].path, " does not compile:\n", built.text);
        return AllCases("build_error", "does not compile", &r);
      case BuildResult::kBuilt:
        break;
    }
    if (Done d = LookAtCode(built, r); !d.ok()) return Infra(d.error(), &r);
    Say(Cat("judging ", r.lesson.id));
    JudgeJob job;
    job.lesson = r.lesson;
    job.judge = built.judge;
    job.enclosure = o_.enclosure;
    job.allow_weak_fence = o_.allow_weak_fence;
    job.canceller = o_.canceller;
    job.progress = [&](const Json& so_far) {
      // Not final: what is missing has just not been judged yet.
      LessonRecord partial = r;
      AddJudged(so_far, "infra_error", "not judged yet", &partial);
      partial.status = "pending";
      std::swap(partial, r);
      TrySave();
      std::swap(partial, r);
    };
    const JudgeResult judged = RunJudge(job);
    SaveLog(r, "judge", judged.log);
    r.fences = judged.fences;
    AddJudged(judged.record, judged.its_own_fault ? "crashed" : "infra_error",
              judged.incomplete.empty() ? "the judge did not record this case"
                                        : judged.incomplete,
              &r);
    if (!judged.incomplete.empty()) r.message = judged.incomplete;
    if (!judged.left.empty())
      r.notes.push_back(Cat("left behind on this machine: ", judged.left));
    if (Stopped()) r.status = "pending";
  }

  // What the build left beside the judge, which reads the same.
  static Done LookAtCode(const BuildResult& built, LessonRecord& r) {
    const std::string name = JoinPath(
        std::filesystem::path(built.judge).parent_path().string(), "case");
    Result<std::string> text = tools::ReadFile(Cat(name, ".ii"));
    if (!text.ok()) return Error{text.error()};
    Result<std::string> symbols = tools::ReadFile(Cat(name, ".symbols"));
    if (!symbols.ok()) return Error{symbols.error()};
    const tools::OwnCode code = tools::ReadOwnCode(*text, *symbols);
    const std::string& file = r.lesson.keep[0].path;
    for (Flag& flag :
         ScanCode(file, code, r.lesson.forbidden, IsAboutAssembly(r.lesson)))
      r.flags.push_back(std::move(flag));
    if (code.own_main)
      r.notes.push_back(Cat(file, ": has a main of its own, which is not run"));
    return Nothing{};
  }

  const GradeOptions& o_;
  SubmissionRecord record_;
};

}  // namespace

Result<SubmissionRecord> GradeOne(const GradeOptions& options) {
  return Grader(options).Run();
}

}  // namespace mn::grade
