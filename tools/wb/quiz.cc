#include "tools/wb/quiz.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tools/common/text.h"

namespace mn::wb {
namespace {

using tools::Cat;
using tools::Error;
using tools::Result;
using tools::Trim;
using Json = nlohmann::json;

Question ParseQuestion(const Json& j) {
  Question q;
  q.id = j.at("id");
  q.ask = j.at("ask");
  const std::string kind = j.at("kind");
  if (kind == "number") {
    q.kind = Question::Kind::kNumber;
  } else if (kind == "choice") {
    q.kind = Question::Kind::kChoice;
  } else if (kind == "multi") {
    q.kind = Question::Kind::kMulti;
  } else {
    throw Error{Cat("question ", q.id, ": the kind is \"number\", \"choice\" ",
                    "or \"multi\", not \"", kind, "\"")};
  }
  q.unit = j.value("unit", "");
  q.max_ratio = j.value("max_ratio", 0.0);
  q.options = j.value("options", std::vector<std::string>());
  q.measure = j.value("measure", "");
  q.why = j.value("why", "");
  const bool options = q.kind != Question::Kind::kNumber;
  if (options && (q.options.size() < 2 || q.options.size() > 26)) {
    throw Error{Cat("question ", q.id, ": wants 2 to 26 \"options\"")};
  }
  if (const auto truth = j.find("truth"); truth != j.end()) {
    if (!options) {
      q.number_truth = truth->get<double>();
    } else if (truth->is_array()) {
      q.option_truth = truth->get<std::vector<int>>();
    } else {
      q.option_truth = {truth->get<int>()};
    }
    std::sort(q.option_truth.begin(), q.option_truth.end());
    for (const int i : q.option_truth) {
      if (i < 0 || i >= static_cast<int>(q.options.size())) {
        throw Error{Cat("question ", q.id, ": \"truth\" ", i,
                        " is not an index of an option")};
      }
    }
  } else if (q.measure.empty()) {
    throw Error{Cat("question ", q.id, ": neither \"measure\" nor \"truth\"")};
  }
  return q;
}

// A number at the front of `text`, which moves behind it; k, M and G multiply.
std::optional<double> TakeNumber(std::string_view* text) {
  *text = Trim(*text);
  std::string digits;
  std::size_t i = 0;
  auto digit_at = [&](std::size_t at) {
    return at < text->size() && (*text)[at] >= '0' && (*text)[at] <= '9';
  };
  bool point = false;
  // A point belongs to the number once and before a digit: not in "1..2".
  while (digit_at(i) ||
         (!point && i < text->size() && (*text)[i] == '.' && digit_at(i + 1))) {
    point = point || (*text)[i] == '.';
    digits.push_back((*text)[i++]);
  }
  // 1e6, but not the "e" of a unit.
  if (i < text->size() && ((*text)[i] | 32) == 'e' && digit_at(i + 1)) {
    digits.push_back((*text)[i++]);
    while (digit_at(i)) digits.push_back((*text)[i++]);
  }
  char* end = nullptr;
  double value = std::strtod(digits.c_str(), &end);
  if (digits.empty() || *end != 0) return std::nullopt;
  if (i < text->size()) {
    const char suffix = (*text)[i];
    const bool ends = i + 1 == text->size() || !std::isalpha((*text)[i + 1]);
    if (ends && (suffix == 'k' || suffix == 'K')) value *= 1e3, ++i;
    if (ends && suffix == 'M') value *= 1e6, ++i;
    if (ends && suffix == 'G') value *= 1e9, ++i;
  }
  text->remove_prefix(i);
  return value;
}

struct Range {
  double low, high;
};

// "100-200", "[100,200]", "100..200 ns", "100 to 200", "150".
std::optional<Range> ParseRange(std::string_view text, std::string_view unit) {
  text = Trim(text);
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
  }
  const std::optional<double> low = TakeNumber(&text);
  if (!low) return std::nullopt;
  auto skip_unit = [&] {
    text = Trim(text);
    if (!unit.empty() && text.starts_with(unit)) {
      text = Trim(text.substr(unit.size()));
    }
  };
  skip_unit();
  if (text.empty()) return Range{*low, *low};
  for (const std::string_view separator : {"-", "..", ",", "to ", "–"}) {
    if (!text.starts_with(separator)) continue;
    text.remove_prefix(separator.size());
    const std::optional<double> high = TakeNumber(&text);
    skip_unit();
    if (!high || !text.empty()) return std::nullopt;
    return Range{*low, *high};
  }
  return std::nullopt;
}

Result<std::string> ParseNumberAnswer(const Question& q,
                                      std::string_view typed) {
  const std::optional<Range> range = ParseRange(typed, q.unit);
  if (!range) {
    return Error{Cat("\"", Trim(typed),
                     "\" is not a range: type two numbers, "
                     "for example 100-200, or one",
                     q.unit.empty() ? "" : ", in ", q.unit)};
  }
  if (range->high < range->low) {
    return Error{Cat("the range ends (", range->high, ") below its beginning (",
                     range->low, ")")};
  }
  if (q.max_ratio > 0 && range->high > range->low * q.max_ratio) {
    return Error{
        Cat("that range is too wide to be a prediction: its end may be ",
            q.max_ratio, " times its beginning")};
  }
  return Cat("[", range->low, ",", range->high, "]");
}

Result<std::string> ParseOptionAnswer(const Question& q,
                                      std::string_view typed) {
  std::string text = tools::Lower(typed);
  for (char& c : text) {
    if (c == ',' || c == ')') c = ' ';
  }
  const int n = static_cast<int>(q.options.size());
  const char last = static_cast<char>('a' + n - 1);
  const bool one = q.kind == Question::Kind::kChoice;
  std::vector<int> chosen;
  for (const std::string& word : tools::Words(text)) {
    int index = -1;
    if (word.size() == 1 && word[0] >= 'a' && word[0] <= 'z') {
      index = word[0] - 'a';
    } else if (word.size() <= 2 &&
               word.find_first_not_of("0123456789") == std::string::npos) {
      index = std::atoi(word.c_str()) - 1;
    }
    if (index < 0 || index >= n) {
      return Error{Cat("\"", word, "\" is none of the options a to ",
                       std::string(1, last))};
    }
    chosen.push_back(index);
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  if (chosen.empty() || (one && chosen.size() > 1)) {
    return Error{Cat(one ? "type one letter" : "type letters, like \"a c\"",
                     ", a to ", std::string(1, last))};
  }
  std::vector<std::string> stored;
  for (const int i : chosen) stored.push_back(std::to_string(i));
  return tools::Join(stored, " ");
}

}  // namespace

Result<std::vector<Question>> ParseQuiz(std::string_view json_text) {
  try {
    const Json j = Json::parse(json_text);
    std::vector<Question> questions;
    std::map<std::string, int> seen;
    for (const Json& question : j.at("questions")) {
      questions.push_back(ParseQuestion(question));
      if (++seen[questions.back().id] > 1) {
        return Error{Cat("two questions are called ", questions.back().id)};
      }
    }
    if (questions.empty()) return Error{"there are no questions in it"};
    return questions;
  } catch (const Json::exception& e) {
    return Error{e.what()};
  } catch (const Error& e) {
    return e;
  }
}

Result<std::string> ParseAnswer(const Question& question,
                                std::string_view typed) {
  return question.kind == Question::Kind::kNumber
             ? ParseNumberAnswer(question, typed)
             : ParseOptionAnswer(question, typed);
}

std::string ShowAnswer(const Question& q, std::string_view stored) {
  if (q.kind == Question::Kind::kNumber) {
    const std::optional<Range> range = ParseRange(stored, "");
    if (!range) return std::string(stored);
    const std::string unit = q.unit.empty() ? "" : " " + q.unit;
    if (range->low == range->high) return Cat(range->low, unit);
    return Cat(range->low, " to ", range->high, unit);
  }
  std::vector<std::string> shown;
  for (const std::string& word : tools::Words(stored)) {
    const std::size_t i = static_cast<std::size_t>(std::atoi(word.c_str()));
    const std::string letter(1, static_cast<char>('a' + i));
    shown.push_back(i < q.options.size() ? Cat(letter, ") ", q.options[i])
                                         : word);
  }
  return tools::Join(shown, ", ");
}

std::map<std::string, std::string> ParseMeasurements(std::string_view output) {
  std::map<std::string, std::string> figures;
  for (const std::string& line : tools::Lines(output)) {
    std::string_view rest = Trim(line);
    constexpr std::string_view kWord = "measure ";
    if (!rest.starts_with(kWord)) continue;
    rest = Trim(rest.substr(kWord.size()));
    const std::size_t space = rest.find_first_of(" \t");
    if (space == std::string_view::npos) continue;
    figures[std::string(rest.substr(0, space))] =
        std::string(Trim(rest.substr(space)));
  }
  return figures;
}

std::optional<std::string> FindTruth(
    const Question& q, const std::map<std::string, std::string>& measurements) {
  const auto it = measurements.find(q.measure);
  if (!q.measure.empty() && it != measurements.end()) {
    if (q.kind == Question::Kind::kNumber) {
      std::string_view value = it->second;
      // A unit may follow: "12.5 ns".
      if (const auto number = TakeNumber(&value)) return Cat(*number);
    } else {
      for (std::size_t i = 0; i < q.options.size(); ++i) {
        if (q.options[i] == it->second) return std::to_string(i);
      }
    }
  }
  if (q.number_truth) return Cat(*q.number_truth);
  if (q.option_truth.empty()) return std::nullopt;
  std::vector<std::string> indices;
  for (const int i : q.option_truth) indices.push_back(std::to_string(i));
  return tools::Join(indices, " ");
}

bool IsInRange(const Question& q, std::string_view stored,
               std::string_view truth) {
  if (q.kind != Question::Kind::kNumber) return stored == truth;
  const std::optional<Range> range = ParseRange(stored, "");
  const std::optional<double> value = TakeNumber(&truth);
  return range && value && range->low <= *value && *value <= range->high;
}

}  // namespace mn::wb
