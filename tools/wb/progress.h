// The learner's progress: what was read, predicted, tried and reached.
//
// Why it is hard: it is the only thing in the checkout that cannot be built
// again, several wb processes may run at once (a watch in one terminal, a test
// in another), and its format lives longer than any version of wb.
//
// Protocol: .wb/progress.json, replaced atomically, read and written under an
// flock on .wb/lock. Git ignores .wb, so a pull never touches it. A file that
// cannot be read is renamed to progress.json.broken-N, never overwritten;
// fields of a newer wb are kept as they are. Reading alone takes no lock, since
// the file is always whole, and so it works where nothing can be written.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/common/result.h"

namespace mn::wb {

// Times are text, UTC, "2026-05-01T12:00:00Z": they compare as strings.
struct Prediction {
  std::string answer;     // "[3,6]", "2", "0 3"
  std::string locked_at;  // never changes once set
  std::string truth;      // measured here; empty: not yet
  std::optional<bool> in_range;
  std::string measured_at;
};

struct LessonProgress {
  std::string read_at;
  std::map<std::string, Prediction> predictions;  // by question id
  std::string predicted_at;                       // all were locked
  std::string first_green_at;
  std::string measured_at;
  std::string explanation;
  std::string explained_at;
  // Begun and not finished: what was typed is never lost.
  std::string explanation_draft;
  std::map<std::string, std::string> prediction_drafts;  // by question id

  std::string last_run_at;
  // "green", "red", "build_error" or "untouched" (nothing is implemented yet);
  // empty: never ran.
  std::string last_result;
  double score = 0;              // of the last full run that built
  double best_score = 0;         // of the best one: what the lesson has earned
  std::vector<std::string> red;  // invariants that were red in it
  int runs = 0;
  int hints_used = 0;                                 // the highest level seen
  nlohmann::json unknown = nlohmann::json::object();  // of a newer wb

  bool green() const { return last_result == "green"; }  // as it is now
  // What was reached stays reached, whatever is tried afterwards.
  bool was_green() const { return green() || !first_green_at.empty(); }
  bool begun() const {
    return !last_result.empty() && last_result != "untouched";
  }
  // The prediction counts: all of it was locked before the first green.
  bool PredictedInTime() const {
    return !predicted_at.empty() &&
           (first_green_at.empty() || predicted_at <= first_green_at);
  }
};

struct Progress {
  std::string current;  // a lesson's id; empty: none yet
  std::map<std::string, LessonProgress> lessons;
  nlohmann::json unknown = nlohmann::json::object();
};

std::string ProgressToJson(const Progress& progress);
tools::Result<Progress> ProgressFromJson(std::string_view text);

// Thread-safety: each call is safe against every other, here and in other
// processes. Must be called in a goroutine.
class ProgressStore {
 public:
  // `dir` is the workspace's .wb; made when it is first needed. `notice` is
  // told what the learner should know (a broken file was put aside).
  ProgressStore(std::string dir, std::function<void(const std::string&)> notice)
      : dir_(std::move(dir)), notice_(std::move(notice)) {}

  // What there is; nothing yet is no error.
  tools::Result<Progress> Load();
  // Loads, lets `change` change it, and writes it, as one step for others.
  tools::Done Update(const std::function<void(Progress&)>& change);

  const std::string& dir() const { return dir_; }

 private:
  // REQUIRES: the lock is held.
  tools::Result<Progress> LoadLocked();

  const std::string dir_;
  const std::function<void(const std::string&)> notice_;
};

// Now, in the form above.
std::string TimeNow();

}  // namespace mn::wb
