#include "tools/grade/judging.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/mn.h"
#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"
#include "tools/grade/untrusted_text.h"

namespace mn::grade {
namespace {

using std::chrono::milliseconds;
using tools::Cat;
using tools::JoinPath;

constexpr milliseconds kLook{200};
// Exit statuses of the enclosure.
constexpr int kTooManyProcesses = 124;
constexpr int kCannotStart = 125;

// A learner's output is part of the record; a judge bounds it.
constexpr std::size_t kMostRecord = 64u << 20;
// The walls without which a stranger's code runs only if the instructor says
// so.
constexpr std::string_view kWalls = "walls: ";
constexpr const char* kNeededWalls[] = {"processes", "network", "files",
                                        "user",      "rights",  "calls"};
constexpr char kHowToGetWalls[] =
    "Run the grader as root with the right to make namespaces (a container: "
    "docker run --privileged), or allow user namespaces (sysctl "
    "user.max_user_namespaces=10000, on Debian also "
    "kernel.unprivileged_userns_clone=1, on Ubuntu also "
    "kernel.apparmor_restrict_unprivileged_userns=0). Or give "
    "--allow_weak_fence, where nobody minds what a submission reads and does.";

Json ParseJson(const std::string& text) {
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? Json() : json;
}

// Long enough for every case to use up its time, with the extension that the
// judge gives on a busy machine; a judge that is still there is broken.
milliseconds Deadline(const tools::Lesson& lesson) {
  const double cases = static_cast<double>(lesson.cases.size());
  const double runs = lesson.runs + 1;  // and the canary
  return milliseconds(static_cast<std::int64_t>(
      1000 * (60 + cases * runs * lesson.case_timeout_s * 6)));
}

// A judge with `flags`, whose files are in `work`.
tools::Command Enclosed(const JudgeJob& job, const std::string& work,
                        const std::vector<std::string>& flags) {
  tools::Command c;
  // Twice what the judge allows a case: it is asked first.
  c.argv = {job.enclosure,
            Cat("--report=", JoinPath(work, "fences.json")),
            Cat("--processes=", 2 * job.lesson.max_processes),
            "--record",
            "--",
            job.judge};
  c.argv.insert(c.argv.end(), flags.begin(), flags.end());
  c.cwd = work;
  c.clear_env = true;
  c.set_env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
               {"LANG", "C.UTF-8"},
               {"HOME", work},
               {"TMPDIR", work}};
  c.max_capture = 1 << 20;
  c.own_group = true;
  c.timeout = Deadline(job.lesson);
  c.kill_grace = std::chrono::seconds(5);  // to remove its cgroup
  c.canceller = job.canceller;
  return c;
}

// Which walls a case gets here, and what is missing: "" if nothing.
std::string MissingWalls(const JudgeJob& job, const std::string& work,
                         JudgeResult* r) {
  const tools::Outcome o =
      tools::RunCommand(Enclosed(job, work, {"--check_walls"}));
  std::vector<std::string> held;
  bool told = false;
  for (const std::string& line : tools::Lines(o.err)) {
    if (!line.starts_with(kWalls)) continue;
    told = true;
    for (const std::string& wall :
         tools::Split(line.substr(kWalls.size()), ',', false))
      held.emplace_back(tools::Trim(wall));
  }
  if (!o.ok() || !told)
    return Cat("cannot tell (", o.Describe(), ") ", FirstLines(o.err, 5));
  std::vector<std::string> missing;
  Json walls = Json::object();
  for (const char* wall : kNeededWalls) {
    const bool holds =
        std::find(held.begin(), held.end(), std::string(wall)) != held.end();
    walls[wall] = holds;
    if (!holds) missing.emplace_back(wall);
  }
  // More than the watch over resident memory, and root's only.
  walls["memory"] = std::find(held.begin(), held.end(), "memory") != held.end();
  r->fences["walls"] = walls;
  return tools::Join(missing, ", ");
}

void Judged(const JudgeJob& job, const std::string& work, JudgeResult* r) {
  std::mutex mutex;  // the reader's: it hears from another thread
  RecordReader reader;
  std::atomic<bool> done{false};
  mn::WaitGroup watcher;
  watcher.Add(1);
  mn::Go({.stack_size = 1 << 20}, [&] {
    Json last;
    while (!done.load()) {
      mn::Sleep(kLook);
      Json now;
      {
        const std::lock_guard lock(mutex);
        now = reader.Latest();
      }
      if (now.is_null() || now == last || done.load()) continue;
      if (job.progress) job.progress(now);
      last = std::move(now);
    }
    watcher.Done();
  });
  // --all: a case that hangs must not cost the points of the others.
  tools::Command c = Enclosed(job, work, {"--all", "--results=fd:3"});
  c.on_out = [&](std::string_view text) {
    const std::lock_guard lock(mutex);
    reader.Add(text);
  };
  // What a case prints must not be heard as a record.
  c.on_err = [](std::string_view) {};
  const tools::Outcome o = tools::RunCommand(c);
  done.store(true);
  watcher.Wait();

  r->log = o.started() ? o.err : o.start_error;
  // 0: all passed, 1: something did not; the record says what.
  if (!o.started() || o.exit_code == kCannotStart) {
    r->incomplete =
        Cat("the judge could not be started: ", o.Describe(), "\n", r->log);
  } else if (o.cancelled) {
    r->incomplete = "the grader was stopped";
    r->record = reader.Latest();  // shown, and never graded: see GradeOne
  } else if (o.exit_code == kTooManyProcesses) {
    r->incomplete = "stopped: it started processes without end";
    r->its_own_fault = true;
  } else if (o.timed_out || o.exit_code < 0 || o.exit_code > 1) {
    r->incomplete = Cat("the judge ended early (", o.Describe(),
                        "); nothing of its record counts");
  } else if (r->record = reader.Whole(); r->record.is_null()) {
    r->incomplete = "the judge's record does not come to its end";
  }
}

}  // namespace

void RecordReader::Add(std::string_view text) {
  text_ += text;
  std::size_t begin = 0;
  for (std::size_t end; (end = text_.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    std::string line = text_.substr(begin, end - begin);
    if (line.starts_with("{")) {
      latest_ = std::move(line);
      end_.clear();
    } else {
      end_ = std::move(line);
    }
  }
  text_.erase(0, begin);
  if (text_.size() > kMostRecord) text_.clear();
}

Json RecordReader::Latest() const { return ParseJson(latest_); }

Json RecordReader::Whole() const {
  Json record = Latest();
  if (!record.is_object() || !record.contains("cases") ||
      end_ != Cat("end ", record["cases"].size()) || !text_.empty())
    return Json();
  return record;
}

JudgeResult RunJudge(const JudgeJob& job) {
  JudgeResult r;
  // Not in the cache: a root's may be where no other user can go.
  const char* tmp = std::getenv("TMPDIR");
  std::string work =
      JoinPath(tmp != nullptr && *tmp == '/' ? tmp : "/tmp", "mn-judge-XXXXXX");
  if (mkdtemp(work.data()) == nullptr) {
    r.incomplete = Cat("cannot make the directory ", work);
    return r;
  }
  chmod(work.c_str(), 0711);  // the name is not a secret
  r.fences = Json::object();
  const std::string missing = MissingWalls(job, work, &r);
  if (missing.empty() || job.allow_weak_fence) {
    Judged(job, work, &r);
  } else {
    r.incomplete =
        Cat("not judged: this machine does not give the walls "
            "around a stranger's code. Missing: ",
            missing, ". ", kHowToGetWalls);
  }
  tools::Result<std::string> fences =
      tools::ReadFile(JoinPath(work, "fences.json"));
  if (fences.ok()) {
    const Json enclosure = ParseJson(*fences);  // outlives the loop
    for (const auto& [name, held] : enclosure.items()) r.fences[name] = held;
  }
  // Whatever it is, it was written by strangers: RemoveTree follows no link.
  if (tools::Done d = tools::RemoveTree(work); !d.ok()) r.left = d.error();
  return r;
}

}  // namespace mn::grade
