#include "tools/grade/submission_record.h"

#include <algorithm>
#include <cmath>

#include "tools/grade/untrusted_text.h"

namespace mn::grade {
namespace {

// Sums of tenths, shown as such.
double Tidy(double points) { return std::round(points * 1e6) / 1e6; }

Json CaseJson(const tools::CourseCase& c, const std::string& status,
              const std::string& message) {
  return {{"name", c.name},
          {"inv", c.inv},
          {"points", c.points},
          {"score", 0},
          {"visibility", c.visibility},
          {"status", status},
          {"runs", Json::array()},
          {"message", message}};
}

bool IsCase(const Json& j, const std::string& name) {
  return j.is_object() && j.value("name", Json()) == name &&
         j.contains("status") && j["status"].is_string() &&
         j.contains("score") && j["score"].is_number();
}

Json FlagJson(const Flag& f) {
  Json j = {{"kind", f.kind}, {"file", f.file}};
  if (f.line > 0) j["line"] = f.line;
  j["what"] = f.what;
  j["why"] = f.why;
  return j;
}

Json LessonJson(const SubmissionRecord& record, const LessonRecord& lesson) {
  Json hashes = Json::object(), from = Json::object(), flags = Json::array();
  for (const TakenFile& file : lesson.files) {
    hashes[file.path] = file.sha256;
    from[file.path] = file.from;
  }
  for (const Flag& flag : lesson.flags) flags.push_back(FlagJson(flag));
  Json j = {
      {"schema", "wb.results/1"},
      {"course", record.course},
      {"course_commit", record.commit},
      {"lesson", lesson.lesson.id},
      {"submission",
       {{"id", record.submission.id}, {"from", from}, {"sha256", hashes}}},
      {"status", lesson.status},
      {"message", lesson.message},
      {"needs_review", !flags.empty() || lesson.status == "refused"},
      {"flags", flags},
      {"notes", lesson.notes}};
  if (lesson.judged.is_object() && lesson.judged.contains("machine"))
    j["machine"] = lesson.judged["machine"];
  if (lesson.judged.is_object() && lesson.judged.contains("untouched"))
    j["untouched"] = lesson.judged["untouched"];
  if (!lesson.fences.is_null()) j["fences"] = lesson.fences;
  j["cases"] = lesson.cases;
  j["score"] = Tidy(lesson.score);
  j["max"] = Tidy(lesson.max);
  return j;
}

}  // namespace

double SubmissionRecord::Score() const {
  double sum = 0;
  for (const LessonRecord& l : lessons) sum += l.score;
  return Tidy(sum);
}

double SubmissionRecord::Max() const {
  double sum = 0;
  for (const LessonRecord& l : lessons) sum += l.max;
  return Tidy(sum);
}

void AllCases(const std::string& status, const std::string& message,
              LessonRecord* lesson) {
  lesson->cases = Json::array();
  lesson->score = lesson->max = 0;
  for (const tools::CourseCase& c : lesson->lesson.cases) {
    lesson->cases.push_back(CaseJson(c, status, message));
    lesson->max += c.points;
  }
}

void AddJudged(const Json& judged, const std::string& absent,
               const std::string& why, LessonRecord* lesson) {
  lesson->judged = judged;
  lesson->cases = Json::array();
  lesson->score = lesson->max = 0;
  const Json* cases = judged.is_object() && judged.contains("cases")
                          ? &judged["cases"]
                          : nullptr;
  bool infra = false;
  std::erase_if(lesson->flags,
                [](const Flag& f) { return f.kind == "canary"; });
  for (const tools::CourseCase& c : lesson->lesson.cases) {
    Json entry;
    if (cases != nullptr && cases->is_array()) {
      for (const Json& j : *cases) {
        if (IsCase(j, c.name)) entry = j;
      }
    }
    if (entry.is_null()) entry = CaseJson(c, absent, why);
    const std::string status = entry["status"];
    if (status == "suspicious") {
      lesson->flags.push_back(
          {"canary",
           lesson->lesson.keep.empty() ? "" : lesson->lesson.keep[0].path, 0,
           c.name + " passes with falsified observations",
           "something in the submission writes the answers itself"});
    }
    infra |= status == "infra_error";
    // Neither counts for or against: see the judge.
    if (status != "skipped" && status != "inconclusive" &&
        status != "infra_error")
      lesson->max += c.points;
    // A record can be no better than the manifest allows.
    const double score = entry["score"];
    lesson->score += std::clamp(score, 0.0, c.points);
    lesson->cases.push_back(std::move(entry));
  }
  lesson->status = infra                    ? "infra_error"
                   : !lesson->flags.empty() ? "suspicious"
                                            : "graded";
}

Json ToJson(const SubmissionRecord& record) {
  Json ignored = Json::array(), lessons = Json::array();
  for (const IgnoredFile& f : record.submission.ignored)
    ignored.push_back({{"path", f.path}, {"why", f.why}});
  bool review = false;
  for (const LessonRecord& lesson : record.lessons) {
    lessons.push_back(LessonJson(record, lesson));
    review |= lessons.back()["needs_review"].get<bool>();
  }
  return {{"schema", "wb.submission/1"},
          {"course", record.course},
          {"course_commit", record.commit},
          {"submission",
           {{"id", record.submission.id},
            {"shape", record.submission.shape},
            {"ignored", ignored},
            {"ignored_more", record.submission.ignored_more},
            {"same_as_course", record.submission.same_as_course}}},
          {"complete", record.complete},
          {"needs_review", review},
          {"lessons", lessons},
          {"score", record.Score()},
          {"max", record.Max()}};
}

int ExitStatus(const SubmissionRecord& record) {
  bool graded = false, infra = !record.complete;
  for (const LessonRecord& lesson : record.lessons) {
    infra |= lesson.status == "infra_error" || lesson.status == "pending";
    graded |= lesson.status == "graded" || lesson.status == "suspicious" ||
              lesson.status == "build_error";
  }
  return infra ? 2 : graded ? 0 : 3;
}

}  // namespace mn::grade
