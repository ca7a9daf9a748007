#include "tools/common/course.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tools/common/text.h"

namespace mn::tools {
namespace {

using Json = nlohmann::json;

// A manifest's complaint on its way out of ParseCourse.
struct Bad {
  std::string message;
};

// One JSON object being read; `where` ("lesson 04_run_queue, case 2") begins
// every complaint.
class Reader {
 public:
  Reader(const Json& json, std::string where)
      : json_(json), where_(std::move(where)) {
    if (!json_.is_object()) throw Bad{where_ + " is not an object"};
  }

  // The field if it is there and not null, else `out` stays as it is.
  template <class T>
  void Optional(const char* field, T* out) const {
    const auto it = json_.find(field);
    if (it == json_.end() || it->is_null()) return;
    try {
      if (it->is_boolean()) throw Bad{""};
      if constexpr (std::is_arithmetic_v<T>) {
        if (!it->is_number()) throw Bad{""};
      }
      *out = it->template get<T>();
    } catch (...) {
      throw Bad{
          Cat(where_, ": \"", field, "\" has the wrong type: ", it->dump())};
    }
  }

  template <class T>
  void Required(const char* field, T* out) const {
    const auto it = json_.find(field);
    if (it == json_.end() || it->is_null()) {
      throw Bad{Cat(where_, ": \"", field, "\" is missing")};
    }
    Optional(field, out);
  }

  // Calls f(Reader) for every element of a list of objects.
  template <class F>
  void Each(const char* field, F&& f) const {
    const auto it = json_.find(field);
    if (it == json_.end() || it->is_null()) return;
    if (!it->is_array()) {
      throw Bad{Cat(where_, ": \"", field, "\" is not a list")};
    }
    int n = 0;
    for (const Json& element : *it) {
      f(Reader(element, Cat(where_, ", ", field, "[", n++, "]")));
    }
  }

  const Json& json() const { return json_; }
  const std::string& where() const { return where_; }

 private:
  const Json& json_;
  std::string where_;
};

CourseCase ReadCase(const Reader& r) {
  CourseCase c;
  r.Required("name", &c.name);
  r.Required("inv", &c.inv);
  r.Required("points", &c.points);
  r.Optional("visibility", &c.visibility);
  r.Optional("reveal", &c.reveal);
  r.Optional("parent", &c.parent);
  r.Optional("kind", &c.kind);
  if (c.kind != kDriver && c.kind != kSchedules && c.kind != kProgram) {
    throw Bad{Cat(r.where(),
                  ": \"kind\" is driver, schedules or program, not \"", c.kind,
                  "\"")};
  }
  r.Optional("configs", &c.configs);
  r.Optional("max", &c.max);
  c.grey = c.max;
  r.Optional("grey", &c.grey);
  r.Optional("needs", &c.needs);
  return c;
}

void ReadPass(const Reader& r, Lesson* lesson) {
  const auto it = r.json().find("pass");
  if (it != r.json().end() && *it != "all") {
    throw Bad{Cat(r.where(), ": \"pass\" is \"all\" or left out")};
  }
  std::vector<int> k_of_n;
  r.Optional("k_of_n", &k_of_n);
  if (k_of_n.empty()) return;
  if (k_of_n.size() != 2 || k_of_n[0] < 1 || k_of_n[0] > k_of_n[1]) {
    throw Bad{Cat(r.where(), ": \"k_of_n\" is [k, n], 1 <= k <= n")};
  }
  lesson->pass_k = k_of_n[0];
  lesson->pass_n = k_of_n[1];
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "04_run_queue" -> 4, "run_queue".
void SplitId(const Reader& r, Lesson* lesson) {
  const std::string& id = lesson->id;
  const bool good =
      id.size() > 3 && IsDigit(id[0]) && IsDigit(id[1]) && id[2] == '_';
  if (!good) {
    throw Bad{Cat(r.where(),
                  ": \"id\" must look like 04_run_queue, "
                  "not \"",
                  id, "\"")};
  }
  lesson->number = (id[0] - '0') * 10 + (id[1] - '0');
  lesson->name = id.substr(3);
}

Lesson ReadLesson(const Reader& by_index) {
  Lesson l;
  by_index.Required("id", &l.id);
  const Reader r(by_index.json(), Cat("lesson ", l.id));
  SplitId(r, &l);
  r.Optional("title", &l.title);
  if (l.title.empty()) l.title = ReplaceAll(l.name, "_", " ");
  r.Optional("plug", &l.plug);
  r.Optional("minutes", &l.minutes);
  r.Required("points", &l.points);
  r.Optional("document_sections", &l.document_sections);
  r.Optional("sa", &l.sa);
  r.Each("keep", [&](const Reader& k) {
    KeepFile file;
    k.Required("path", &file.path);
    k.Optional("max_bytes", &file.max_bytes);
    l.keep.push_back(std::move(file));
  });
  r.Each("forbidden", [&](const Reader& f) {
    Forbidden forbidden;
    f.Required("pattern", &forbidden.pattern);
    f.Optional("inv", &forbidden.inv);
    f.Optional("why", &forbidden.why);
    l.forbidden.push_back(std::move(forbidden));
  });
  r.Each("invariants", [&](const Reader& i) {
    Invariant invariant;
    i.Required("id", &invariant.id);
    i.Required("sentence", &invariant.sentence);
    i.Optional("anchor", &invariant.anchor);
    l.invariants.push_back(std::move(invariant));
  });
  r.Optional("needs", &l.needs);
  r.Optional("build_timeout_s", &l.build_timeout_s);
  r.Optional("case_timeout_s", &l.case_timeout_s);
  r.Optional("runs", &l.runs);
  r.Optional("memory_mb", &l.memory_mb);
  r.Optional("max_processes", &l.max_processes);
  ReadPass(r, &l);
  r.Each("cases", [&](const Reader& c) { l.cases.push_back(ReadCase(c)); });
  r.Optional("prediction_points", &l.prediction_points);
  r.Optional("explain_points", &l.explain_points);
  if (const auto it = r.json().find("schedules"); it != r.json().end()) {
    Reader(*it, Cat(r.where(), ", schedules")).Optional("broke", &l.broke);
  }
  r.Optional("steps", &l.steps);
  r.Optional("hints", &l.hints);
  r.Optional("mutants", &l.mutants);
  r.Optional("solution", &l.solution);
  return l;
}

}  // namespace

const CourseCase* Lesson::FindCase(std::string_view case_name) const {
  for (const CourseCase& c : cases) {
    if (c.name == case_name) return &c;
  }
  return nullptr;
}

const Invariant* Lesson::FindInvariant(std::string_view inv) const {
  for (const Invariant& i : invariants) {
    if (i.id == inv) return &i;
  }
  return nullptr;
}

const Lesson* Course::Find(std::string_view lesson_id) const {
  for (const Lesson& l : lessons) {
    if (l.id == lesson_id) return &l;
  }
  return nullptr;
}

Result<Course> ParseCourse(std::string_view json_text) {
  const Json json = Json::parse(json_text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Error{"the course manifest is not JSON"};
  try {
    Course course;
    const Reader r(json, "the course");
    r.Required("id", &course.id);
    r.Optional("version", &course.version);
    r.Optional("total", &course.total);
    if (const auto late = json.find("late"); late != json.end()) {
      const Reader l(*late, "\"late\"");
      l.Optional("per_day", &course.late_per_day);
      l.Optional("max_days", &course.late_max_days);
    }
    r.Each("lessons", [&](const Reader& lesson) {
      course.lessons.push_back(ReadLesson(lesson));
    });
    return course;
  } catch (const Bad& bad) {
    return Error{"course manifest: " + bad.message};
  }
}

Result<Course> LoadCourse(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{Cat("cannot read the course manifest ", path)};
  std::ostringstream text;
  text << file.rdbuf();
  Result<Course> course = ParseCourse(text.str());
  if (!course.ok()) return Error{Cat(course.error(), " (", path, ")")};
  return course;
}

}  // namespace mn::tools
