#include "tools/wb/scratch.h"

#include <sys/stat.h>

#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/wb/test_course.h"

namespace mn::wb {

using tools::Cat;

void Scratch::SetUp() {
  const auto dir = tools::MakeTempDir("wb");
  ASSERT_TRUE(dir.ok()) << dir.error();
  dir_ = *dir;
  Write("WORKSPACE", "");
  Write("course.bzl", "");
  Write("lessons/04_run_queue/README.md",
        "# The local run queue\n\nRead me.\n");
  Write("lessons/04_run_queue/hints/1.md", "the first hint\n");
  Write("lessons/04_run_queue/hints/2.md", "the second hint\n");
  Write("lessons/04_run_queue/hints/3.md", "the third hint\n");
  Write("exercises/04_run_queue/run_queue.cc", "// starter\n");
  Write("exercises/04_run_queue/judge/starter.cc", "// starter\n");
  Write("runtime/run_queue.cc", "// the answer\n");
  WriteProgram("setup", "exit 0");
  // build: prints build.says and exits with build.status; info: where.
  WriteProgram("bazel", Cat("cd ", dir_, R"(
echo "$@" >> bazel.log
case $1 in
  build) cat build.says; exit $(cat build.status) ;;
  info) case "${@: -1}" in bazel-bin) echo )",
                            dir_, R"(/bin ;; *) echo )", dir_, R"( ;; esac ;;
  *) echo "unexpected: $@" >&2; exit 2 ;;
esac)"));
  BazelBuilds(0);
}

void Scratch::TearDown() { EXPECT_TRUE(tools::RemoveTree(dir_).ok()); }

int Scratch::Wb(const std::vector<std::string>& words,
                std::deque<std::string> typed) {
  out_.clear();
  Context context(dir_, TestCourse(),
                  tools::Bazel(dir_, tools::JoinPath(dir_, "bazel"), ""),
                  Terminal::Fake(&out_, std::move(typed)));
  context.options = options_;
  context.name = name_;
  return Dispatch(context, words);
}

void Scratch::Write(std::string_view path, std::string_view text) {
  const std::string full = tools::JoinPath(dir_, path);
  const auto made = tools::MakeDirs(full.substr(0, full.rfind('/')));
  ASSERT_TRUE(made.ok()) << made.error();
  const auto written = tools::WriteFileAtomic(full, text);
  ASSERT_TRUE(written.ok()) << written.error();
}

void Scratch::WriteProgram(std::string_view path, std::string_view script) {
  Write(path, Cat("#!/bin/bash\n", script, "\n"));
  ASSERT_EQ(chmod(tools::JoinPath(dir_, path).c_str(), 0755), 0);
}

std::string Scratch::Read(std::string_view path) {
  const auto text = tools::ReadFile(tools::JoinPath(dir_, path));
  EXPECT_TRUE(text.ok()) << text.error();
  return text.ok() ? *text : "";
}

bool Scratch::Exists(std::string_view path) {
  return tools::FileExists(tools::JoinPath(dir_, path));
}

void Scratch::BazelBuilds(int status, std::string_view says) {
  Write("build.status", std::to_string(status));
  Write("build.says", says);
}

void Scratch::JudgeSays(std::string_view case_status) {
  const bool green = case_status == "passed";
  Write("record.json",
        Cat(R"({"schema": "wb.results/1", "lesson": "04_run_queue", "score": )",
            green ? 5 : 2, R"(, "max": 5, "cases": [
            {"name": "RunQueue.Fifo", "inv": "RQ-1", "status": ")",
            case_status, R"(", "runs": [{"seed": "0x7", "status": ")",
            case_status, R"("}]}]})"));
  WriteProgram("bin/exercises/04_run_queue/04_run_queue",
               Cat("echo \"the judge says so: $*\"\n",
                   R"(for a in "$@"; do case $a in --results=*) cp )", dir_,
                   R"(/record.json "${a#--results=}" ;; esac; done)", "\nexit ",
                   green ? 0 : 1));
}

LessonProgress Scratch::ProgressOf04() {
  ProgressStore store(tools::JoinPath(dir_, ".wb"), [](const std::string&) {});
  const auto progress = store.Load();
  EXPECT_TRUE(progress.ok()) << progress.error();
  return ProgressOf(*progress, "04_run_queue");
}

void Scratch::SetProgress04(
    const std::function<void(LessonProgress&)>& change) {
  ProgressStore store(tools::JoinPath(dir_, ".wb"), [](const std::string&) {});
  const auto saved = store.Update([&](Progress& p) {
    p.current = "04_run_queue";
    change(p.lessons["04_run_queue"]);
  });
  ASSERT_TRUE(saved.ok()) << saved.error();
}

}  // namespace mn::wb
