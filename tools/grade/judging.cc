#include "tools/grade/judging.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>

#include "runtime/mn.h"
#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/text.h"

namespace mn::grade {
namespace {

using std::chrono::milliseconds;
using tools::Cat;
using tools::JoinPath;

constexpr milliseconds kLook{200};
// Exit statuses of the enclosure.
constexpr int kTooManyProcesses = 124;
constexpr int kCannotStart = 125;

// The case processes can write where the judge writes: what is read back must
// be a plain file of a sane size, and opening it must not wait for anybody.
std::optional<Json> ReadRecord(const std::string& path) {
  constexpr off_t kMax = 64 << 20;
  const int fd =
      open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string text;
  struct stat st;
  if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= kMax) {
    char buffer[65536];
    for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0 &&
                    text.size() <= static_cast<std::size_t>(kMax);)
      text.append(buffer, static_cast<std::size_t>(n));
  }
  close(fd);
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

// Long enough for every case to use up its time, with the extension that the
// judge gives on a busy machine; a judge that is still there is broken.
milliseconds Deadline(const tools::Lesson& lesson) {
  const double cases = static_cast<double>(lesson.cases.size());
  const double runs = lesson.runs + 1;  // and the canary
  return milliseconds(static_cast<std::int64_t>(
      1000 * (60 + cases * runs * lesson.case_timeout_s * 6)));
}

tools::Command Enclosed(const JudgeJob& job, const std::string& scratch,
                        const std::string& results, const std::string& fences) {
  tools::Command c;
  c.argv = {job.enclosure, Cat("--scratch=", scratch),
            Cat("--expose=", job.cache_dir), Cat("--report=", fences)};
  for (const std::string& dir : job.hide) c.argv.push_back(Cat("--hide=", dir));
  // Twice what the judge allows a case: it is asked first.
  c.argv.push_back(Cat("--processes=", 2 * job.lesson.max_processes));
  // A case that hangs must not cost the points of the others.
  c.argv.insert(c.argv.end(),
                {"--", job.judge, "--all", Cat("--results=", results)});
  c.cwd = scratch;
  c.clear_env = true;
  c.set_env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
               {"LANG", "C.UTF-8"},
               {"HOME", scratch},
               {"TMPDIR", scratch}};
  c.merge_err = true;
  c.max_capture = 1 << 20;
  c.own_group = true;
  c.timeout = Deadline(job.lesson);
  c.kill_grace = std::chrono::seconds(5);  // to remove its cgroup
  c.canceller = job.canceller;
  return c;
}

}  // namespace

JudgeResult RunJudge(const JudgeJob& job) {
  JudgeResult r;
  tools::Result<std::string> work = [&] {
    std::string name = JoinPath(job.cache_dir, "judge-XXXXXX");
    if (mkdtemp(name.data()) == nullptr)
      return tools::Result<std::string>(
          tools::Error{Cat("cannot make a directory in ", job.cache_dir)});
    return tools::Result<std::string>(name);
  }();
  if (!work.ok()) {
    r.incomplete = work.error();
    return r;
  }
  // Another user may be the one who enters it; the name is not a secret.
  chmod(work->c_str(), 0755);
  const std::string scratch = JoinPath(*work, "scratch");
  const std::string results = JoinPath(scratch, "results.json");
  const std::string fences = JoinPath(*work, "fences.json");
  mkdir(scratch.c_str(), 0755);

  std::atomic<bool> done{false};
  mn::WaitGroup watcher;
  watcher.Add(1);
  mn::Go({.stack_size = 1 << 20}, [&] {
    std::optional<Json> last;
    while (!done.load()) {
      mn::Sleep(kLook);
      std::optional<Json> now = ReadRecord(results);
      if (!now || now == last || done.load()) continue;
      if (job.progress) job.progress(*now);
      last = std::move(now);
    }
    watcher.Done();
  });
  const tools::Outcome o =
      tools::RunCommand(Enclosed(job, scratch, results, fences));
  done.store(true);
  watcher.Wait();

  r.log = o.started() ? o.out : o.start_error;
  if (auto json = ReadRecord(fences)) r.fences = *json;
  if (auto json = ReadRecord(results)) r.record = *json;
  // 0: all passed, 1: something did not; the record says what.
  if (!o.started() || o.exit_code == kCannotStart) {
    r.incomplete =
        Cat("the judge could not be started: ", o.Describe(), "\n", r.log);
  } else if (o.cancelled) {
    r.incomplete = "the grader was stopped";
  } else if (o.exit_code == kTooManyProcesses) {
    r.incomplete = "stopped: it started processes without end";
    r.its_own_fault = true;
  } else if (o.timed_out || o.exit_code < 0 || o.exit_code > 1) {
    r.incomplete = Cat("the judge ended early (", o.Describe(), ")");
  } else if (r.record.is_null()) {
    r.incomplete = "the judge left no record";
  }
  // Whatever it is, it was written by strangers: RemoveTree follows no link.
  (void)tools::RemoveTree(*work);
  return r;
}

}  // namespace mn::grade
