#include "tools/wb/progress.h"

#include <stdio.h>
#include <time.h>

#include <cerrno>
#include <cstring>

#include "tools/common/files.h"
#include "tools/common/text.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Done;
using tools::Error;
using tools::FileExists;
using tools::Result;
using Json = nlohmann::json;

constexpr char kSchema[] = "wb.progress/1";

// Takes a field out of `from`, so that what is left at the end is what this wb
// does not know. Throws nlohmann's type_error on another type.
template <class T>
void Take(Json* from, const char* field, T* out) {
  const auto it = from->find(field);
  if (it == from->end()) return;
  *out = it->template get<T>();
  from->erase(it);
}

// Writes a field unless it holds nothing.
template <class T>
void Put(Json* to, const char* field, const T& value) {
  if (value != T{}) (*to)[field] = value;
}

Json ToJson(const Prediction& p) {
  Json j = {{"answer", p.answer}, {"locked_at", p.locked_at}};
  Put(&j, "truth", p.truth);
  if (p.in_range) j["in_range"] = *p.in_range;
  Put(&j, "measured_at", p.measured_at);
  return j;
}

Prediction PredictionFrom(Json j) {
  Prediction p;
  Take(&j, "answer", &p.answer);
  Take(&j, "locked_at", &p.locked_at);
  Take(&j, "truth", &p.truth);
  Take(&j, "measured_at", &p.measured_at);
  // "in_band": written before the word was range.
  for (const char* field : {"in_band", "in_range"}) {
    if (j.contains(field)) p.in_range = j[field].get<bool>();
  }
  return p;
}

Json ToJson(const LessonProgress& l) {
  Json j = l.unknown;
  Put(&j, "read_at", l.read_at);
  for (const auto& [id, p] : l.predictions) j["predictions"][id] = ToJson(p);
  Put(&j, "predicted_at", l.predicted_at);
  Put(&j, "first_green_at", l.first_green_at);
  Put(&j, "measured_at", l.measured_at);
  Put(&j, "explanation", l.explanation);
  Put(&j, "explained_at", l.explained_at);
  Put(&j, "explanation_draft", l.explanation_draft);
  Put(&j, "prediction_drafts", l.prediction_drafts);
  Put(&j, "last_run_at", l.last_run_at);
  Put(&j, "last_result", l.last_result);
  Put(&j, "score", l.score);
  Put(&j, "best_score", l.best_score);
  Put(&j, "red", l.red);
  Put(&j, "runs", l.runs);
  Put(&j, "hints_used", l.hints_used);
  return j;
}

LessonProgress LessonFrom(Json j) {
  LessonProgress l;
  Take(&j, "read_at", &l.read_at);
  std::map<std::string, Json> predictions;
  Take(&j, "predictions", &predictions);
  for (const auto& [id, p] : predictions) l.predictions[id] = PredictionFrom(p);
  Take(&j, "predicted_at", &l.predicted_at);
  Take(&j, "first_green_at", &l.first_green_at);
  Take(&j, "measured_at", &l.measured_at);
  Take(&j, "explanation", &l.explanation);
  Take(&j, "explained_at", &l.explained_at);
  Take(&j, "explanation_draft", &l.explanation_draft);
  Take(&j, "prediction_drafts", &l.prediction_drafts);
  Take(&j, "last_run_at", &l.last_run_at);
  Take(&j, "last_result", &l.last_result);
  Take(&j, "score", &l.score);
  l.best_score = l.score;  // before there was a best one
  Take(&j, "best_score", &l.best_score);
  Take(&j, "red", &l.red);
  Take(&j, "runs", &l.runs);
  Take(&j, "hints_used", &l.hints_used);
  l.unknown = std::move(j);
  return l;
}

}  // namespace

std::string ProgressToJson(const Progress& progress) {
  Json j = progress.unknown;
  j["schema"] = kSchema;
  Put(&j, "current", progress.current);
  j["lessons"] = Json::object();
  for (const auto& [id, l] : progress.lessons) j["lessons"][id] = ToJson(l);
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Progress> ProgressFromJson(std::string_view text) {
  try {
    Json j = Json::parse(text);
    if (!j.is_object()) return Error{"it is not a JSON object"};
    std::string schema;
    Take(&j, "schema", &schema);
    if (schema != kSchema) {
      return Error{Cat("its schema is \"", schema, "\", not ", kSchema)};
    }
    Progress progress;
    Take(&j, "current", &progress.current);
    std::map<std::string, Json> lessons;
    Take(&j, "lessons", &lessons);
    for (const auto& [id, l] : lessons) progress.lessons[id] = LessonFrom(l);
    progress.unknown = std::move(j);
    return progress;
  } catch (const Json::exception& e) {
    // "[json.exception.parse_error.101] parse error at line 1, column 1: ..."
    const std::string_view what = e.what();
    const std::size_t prefix = what.find("] ");
    return Error{
        std::string(prefix == what.npos ? what : what.substr(prefix + 2))};
  }
}

Result<Progress> ProgressStore::LoadLocked() {
  const std::string path = tools::JoinPath(dir_, "progress.json");
  if (!FileExists(path)) return Progress{};
  // Unreadable is not broken: permissions or a full disk, say so and stop.
  Result<std::string> text = tools::ReadFile(path);
  if (!text.ok()) return Error{text.error()};
  Result<Progress> progress = ProgressFromJson(*text);
  if (progress.ok()) return progress;
  std::string kept;
  for (int n = 1; kept.empty() || FileExists(kept); ++n) {
    kept = Cat(path, ".broken-", n);
  }
  if (rename(path.c_str(), kept.c_str()) != 0) {
    return Error{Cat("your progress cannot be read (", progress.error(),
                     ") and ", path,
                     " cannot be put aside: ", std::strerror(errno))};
  }
  notice_(Cat("Your progress file could not be read: ", progress.error(),
              ".\nIt is kept as ", kept,
              "; a new one was begun. If you can repair it, rename it back to "
              "progress.json."));
  return Progress{};
}

Result<Progress> ProgressStore::Load() {
  const std::string path = tools::JoinPath(dir_, "progress.json");
  if (!FileExists(path)) return Progress{};
  Result<std::string> text = tools::ReadFile(path);
  if (!text.ok()) return Error{text.error()};
  if (Result<Progress> progress = ProgressFromJson(*text); progress.ok()) {
    return progress;
  }
  // To put it aside is a change.
  Result<tools::FileLock> lock =
      tools::FileLock::Acquire(tools::JoinPath(dir_, "lock"));
  if (!lock.ok()) return Error{lock.error()};
  return LoadLocked();
}

Done ProgressStore::Update(const std::function<void(Progress&)>& change) {
  if (Done made = tools::MakeDirs(dir_); !made.ok()) return made;
  Result<tools::FileLock> lock =
      tools::FileLock::Acquire(tools::JoinPath(dir_, "lock"));
  if (!lock.ok()) return Error{lock.error()};
  Result<Progress> progress = LoadLocked();
  if (!progress.ok()) return Error{progress.error()};
  change(*progress);
  return tools::WriteFileAtomic(tools::JoinPath(dir_, "progress.json"),
                                ProgressToJson(*progress));
}

std::string TimeNow() {
  const time_t now = time(nullptr);
  tm utc;
  gmtime_r(&now, &utc);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

}  // namespace mn::wb
