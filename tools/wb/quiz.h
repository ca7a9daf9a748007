// The quiz of a lesson: questions, what counts as an answer, who was right.
//
// lessons/NN_name/quiz.json:
//   {"schema": "wb.quiz/1", "questions": [
//     {"id": "04.p1", "kind": "number", "unit": "ns", "max_ratio": 4,
//      "ask": "...", "measure": "put_get_ns", "why": "..."},
//     {"id": "04.p2", "kind": "choice", "ask": "...",
//      "options": ["G0 G1 G2", "G2 G0 G1"], "truth": 1, "why": "..."}]}
//
// kinds: "number", answered by a range, since a guess is a claim about how sure
// one is ("100-200"; one number is a range of itself); "choice", one option is
// right; "multi", several are.
// The truth is a figure of the lesson's demo (`measure`, the key that
// `demo --measure` prints, see ParseMeasurements), or a constant (`truth`, a
// number, or the indices of the right options), which serves where the figure
// is missing. For a choice the measured text is one of the options.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/common/result.h"

namespace mn::wb {

struct Question {
  enum class Kind { kNumber, kChoice, kMulti };
  std::string id;
  Kind kind = Kind::kNumber;
  std::string ask;
  std::string unit;
  double max_ratio = 0;              // a wider range is no prediction; 0: any
  std::vector<std::string> options;  // of a choice
  std::string measure;               // key of the demo's figure, or empty
  std::optional<double> number_truth;
  std::vector<int> option_truth;  // indices, ascending
  std::string why;                // shown with the truth
};

tools::Result<std::vector<Question>> ParseQuiz(std::string_view json_text);

// The answer in the form that is stored: "[100,200]" for a number, option
// indices "2" or "0 3". Options are typed as letters (b, or "a d") or
// numbers from 1. An error says what an answer looks like.
tools::Result<std::string> ParseAnswer(const Question& question,
                                       std::string_view typed);

// A stored answer for people: "100 to 200 ns", "b) G2 G0 G1".
std::string ShowAnswer(const Question& question, std::string_view stored);

// KEY -> VALUE of every line "measure KEY VALUE"; the rest is ignored. The last
// of two equal keys counts.
std::map<std::string, std::string> ParseMeasurements(std::string_view output);

// The truth on this machine, in stored form (a plain number, or indices);
// nullopt if neither the measurements nor the quiz know it.
std::optional<std::string> FindTruth(
    const Question& question,
    const std::map<std::string, std::string>& measurements);

// Was the stored answer right? REQUIRES: both came from the functions above.
bool IsInRange(const Question& question, std::string_view stored,
               std::string_view truth);

}  // namespace mn::wb
