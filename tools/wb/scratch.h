// A scratch workspace for tests of commands: two lessons, and a Bazel, a judge
// and a demo that are shell scripts and do what the test tells them.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/wb/commands.h"

namespace mn::wb {

class Scratch : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Runs `wb WORDS` with `typed` as what the learner types; the exit status.
  // What was printed is in out_.
  int Wb(const std::vector<std::string>& words,
         std::deque<std::string> typed = {});

  void Write(std::string_view path, std::string_view text);
  void WriteProgram(std::string_view path, std::string_view shell_script);
  std::string Read(std::string_view path);  // fails the test if missing
  bool Exists(std::string_view path);

  // What the next builds do: Bazel prints `says` and exits with `status`.
  void BazelBuilds(int status, std::string_view says = "");
  // What the judge of lesson 04 does: every case has `case_status`, and it
  // prints "the judge says so".
  void JudgeSays(std::string_view case_status);
  // The commands that Bazel was given, one a line.
  std::string BazelLog() { return Read("bazel.log"); }

  LessonProgress ProgressOf04();
  void SetProgress04(const std::function<void(LessonProgress&)>& change);

  bool Printed(std::string_view text) const {
    return out_.find(text) != std::string::npos;
  }

  std::string dir_;
  std::string out_;
  Options options_;
  std::string name_ = "wb";  // how wb was started
};

}  // namespace mn::wb
