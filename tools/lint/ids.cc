#include "tools/lint/ids.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "tools/common/text.h"

namespace mn::lint {

namespace {

using tools::Cat;

bool Upper(char c) { return c >= 'A' && c <= 'Z'; }
bool LowerCase(char c) { return c >= 'a' && c <= 'z'; }
bool Digit(char c) { return c >= '0' && c <= '9'; }
bool Word(char c) { return Upper(c) || LowerCase(c) || Digit(c) || c == '_'; }

std::string At(std::string_view path, std::size_t line) {
  return Cat(path, ":", line);
}

// Written like ids: UTF-8; XX-0 is the first id of a lesson, whichever it is.
bool IsNoPrefix(std::string_view prefix) {
  return prefix == "UTF" || prefix == "XX";
}

// The length of the id at the beginning of `s`, such as RQ-3 or RQ-P; else 0.
std::size_t IdLength(std::string_view s) {
  std::size_t n = 0;
  while (n < s.size() && Upper(s[n])) n++;
  if (n == 0 || n + 1 >= s.size() || s[n] != '-') return 0;
  if (IsNoPrefix(s.substr(0, n))) return 0;
  n++;
  std::size_t end = n;
  if (s[n] == 'P') {
    end++;
  } else {
    while (end < s.size() && Digit(s[end])) end++;
    if (end == n || end - n > 2) return 0;  // AVX-512 is none
  }
  return end < s.size() && Word(s[end]) ? 0 : end;
}

std::string Prefix(std::string_view id) {
  return std::string(id.substr(0, id.find('-')));
}

// Calls f(id) for each id in `line`.
template <class F>
void ForEachId(std::string_view line, F f) {
  for (std::size_t i = 0; i < line.size(); i++) {
    if (i > 0 && (Word(line[i - 1]) || line[i - 1] == '-')) continue;
    const std::size_t length = IdLength(line.substr(i));
    if (length == 0) continue;
    const bool row = line.substr(0, i).ends_with("go:");
    f(Cat(row ? "go:" : "", line.substr(i, length)));
    i += length - 1;
  }
}

// "//   RQ-3 overflow": the text from the id on; else empty.
std::string_view BeginsDefinition(std::string_view line) {
  constexpr std::string_view kBegin = "//   ";
  if (!line.starts_with(kBegin)) return {};
  const std::string_view text = line.substr(kBegin.size());
  const std::size_t length = IdLength(text);
  if (length == 0 || length >= text.size() || text[length] != ' ') return {};
  return text;
}

// Does `line` go on with the definition above it?
bool GoesOn(std::string_view line) { return line.starts_with("//    "); }

// What is compared.
std::string Normal(std::string_view sentence) {
  std::string s = tools::Join(tools::Words(sentence), " ");
  while (!s.empty() && (s.back() == '.' || s.back() == ';')) s.pop_back();
  if (s.size() > 1 && !Upper(s[1])) {
    s[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(s[0])));
  }
  return s;
}

// "Rq3_GoSch21_What": calls f("RQ-3") and f("go:SCH-21").
template <class F>
void ForEachIdOfTestName(std::string_view name, F f) {
  while (true) {
    const bool row =
        name.size() > 2 && name.starts_with("Go") && Upper(name[2]);
    const std::string_view rest = name.substr(row ? 2 : 0);
    std::size_t n = 0;
    if (rest.empty() || !Upper(rest[n])) return;
    do n++;
    while (n < rest.size() && LowerCase(rest[n]));
    const std::size_t digits = n;
    while (n < rest.size() && Digit(rest[n])) n++;
    if (n == digits || n >= rest.size() || rest[n] != '_') return;
    std::string id = row ? "go:" : "";
    for (char c : rest.substr(0, digits)) {
      id += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    tools::Append(&id, "-", rest.substr(digits, n - digits));
    f(id);
    name = rest.substr(n + 1);
  }
}

// Calls f(name, position) for the second argument of each TEST(Suite, Name),
// TEST_F, TEST_P and CLAIM.
template <class F>
void ForEachTestName(std::string_view text, F f) {
  for (std::string_view macro : {"TEST(", "TEST_F(", "TEST_P(", "CLAIM("}) {
    for (std::size_t i = 0; (i = text.find(macro, i)) != text.npos;) {
      const bool whole = i == 0 || !Word(text[i - 1]);
      i += macro.size();
      const std::size_t comma = text.find_first_of(",)", i);
      if (!whole || comma == text.npos || text[comma] == ')') continue;
      const std::size_t begin = text.find_first_not_of(" \n", comma + 1);
      if (begin == text.npos) return;
      std::size_t end = begin;
      while (end < text.size() && Word(text[end])) end++;
      f(text.substr(begin, end - begin), begin);
    }
  }
}

}  // namespace

void ScanSource(std::string_view path, std::string_view text, Ids* ids) {
  const std::vector<std::string> lines = tools::Lines(text);
  bool in_definition = false;
  for (std::size_t i = 0; i < lines.size(); i++) {
    std::string_view line = lines[i];
    if (in_definition && GoesOn(line)) {
      tools::Append(&ids->definitions.back().sentence, " ",
                    tools::Trim(line.substr(2)));
    } else {
      const std::string_view begin = BeginsDefinition(line);
      in_definition = !begin.empty();
      if (in_definition) {
        const std::size_t length = IdLength(begin);
        ids->definitions.push_back(
            {std::string(begin.substr(0, length)),
             std::string(tools::Trim(begin.substr(length))), At(path, i + 1)});
        line = begin.substr(length);
      }
    }
    ForEachId(line, [&](std::string id) {
      ids->uses.push_back({std::move(id), At(path, i + 1)});
    });
  }
  ForEachTestName(text, [&](std::string_view name, std::size_t at) {
    const auto line = std::count(text.begin(), text.begin() + at, '\n') + 1;
    ForEachIdOfTestName(name, [&](std::string id) {
      ids->uses.push_back({std::move(id), At(path, line)});
    });
  });
}

void ScanProse(std::string_view path, std::string_view text, Ids* ids) {
  const std::vector<std::string> lines = tools::Lines(text);
  for (std::size_t i = 0; i < lines.size(); i++) {
    ForEachId(lines[i], [&](std::string id) {
      ids->uses.push_back({std::move(id), At(path, i + 1)});
    });
  }
}

void ScanRows(std::string_view path, std::string_view text, Ids* ids) {
  const std::vector<std::string> lines = tools::Lines(text);
  for (std::size_t i = 0; i < lines.size(); i++) {
    const std::vector<std::string> cells = tools::Split(lines[i], '|');
    if (cells.size() < 3) continue;
    const std::string_view id = tools::Trim(cells[1]);
    if (!id.starts_with("go:")) continue;
    ids->definitions.push_back(
        {std::string(id), std::string(tools::Trim(cells[2])), At(path, i + 1)});
  }
}

std::vector<std::string> Complaints(const Ids& ids) {
  std::vector<std::string> complaints;
  std::map<std::string, const Definition*> defined;
  for (const Definition& d : ids.definitions) {
    const auto [it, first] = defined.try_emplace(d.id, &d);
    const Definition& other = *it->second;
    if (first || Normal(other.sentence) == Normal(d.sentence)) continue;
    complaints.push_back(Cat(d.id, " has two meanings.\n  ", other.where, ": ",
                             other.sentence, "\n  ", d.where, ": ",
                             d.sentence));
  }
  for (const Use& use : ids.uses) {
    if (defined.count(use.id) != 0) continue;
    std::string text = Cat(use.id, " has no meaning: ", use.where,
                           " uses it and nothing defines it.");
    const std::string row = Cat("go:", use.id);
    if (defined.count(row) != 0) tools::Append(&text, " Is it ", row, "?");
    complaints.push_back(std::move(text));
  }
  std::sort(complaints.begin(), complaints.end());
  return complaints;
}

std::vector<std::string> TableComplaints(const Ids& ids,
                                         std::string_view hacking) {
  std::map<std::string, std::string> lines;  // prefix to its line
  for (const std::string& line : tools::Lines(hacking)) {
    const std::vector<std::string> cells = tools::Split(line, '|');
    if (cells.size() < 3) continue;
    std::string_view prefix = tools::Trim(cells[1]);
    if (prefix.size() < 3 || prefix.front() != '`') continue;
    lines.emplace(prefix.substr(1, prefix.size() - 2), cells[2]);
  }
  std::set<std::string> complaints;
  constexpr std::string_view kRuntime = "runtime/";
  for (const Definition& d : ids.definitions) {
    if (!d.where.starts_with(kRuntime)) continue;
    const std::string file =
        d.where.substr(kRuntime.size(), d.where.find(':') - kRuntime.size());
    const std::string prefix = Prefix(d.id);
    const auto it = lines.find(prefix);
    if (it == lines.end() ||
        it->second.find(Cat("`", file, "`")) == std::string::npos) {
      complaints.insert(Cat("The table of prefixes has no line that says that ",
                            prefix, " is defined in ", file, "."));
    }
  }
  return {complaints.begin(), complaints.end()};
}

}  // namespace mn::lint
