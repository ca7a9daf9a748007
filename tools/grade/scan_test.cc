#include "tools/grade/scan.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tools/judge/source.h"

namespace mn::grade {
namespace {

ScanResult ScanText(std::string_view text,
                    const std::vector<std::string>& allowed = {}) {
  static const std::vector<tools::Forbidden> kForbidden = {
      {"std::mutex|std::deque", "RQ-5", "no lock and no allocation"}};
  return Scan("run_queue.cc", text, kForbidden, allowed);
}

// The only flag, as "kind line what"; "" if there is none.
std::string Only(std::string_view text,
                 const std::vector<std::string>& allowed = {}) {
  ScanResult r = ScanText(text, allowed);
  EXPECT_LE(r.flags.size(), 1u) << text;
  if (r.flags.empty()) return "";
  const Flag& f = r.flags[0];
  EXPECT_EQ(f.file, "run_queue.cc");
  EXPECT_FALSE(f.why.empty());
  return f.kind + " " + std::to_string(f.line) + " " + f.what;
}

TEST(Scan, HonestCodeHasNoFlag) {
  EXPECT_EQ(
      Only("#include \"runtime/plug/run_queue.h\"\n"
           "#include <cstdint>\n"
           "// _exit() and std::mutex in a comment, /proc/ too\n"
           "namespace mn { void F(Q& q) { q.exit(1); int kill = 2; } }\n"),
      "");
}

TEST(Scan, ForbiddenPatternHasItsReason) {
  ScanResult r = ScanText("int a;\nstd::mutex m;\n");
  ASSERT_EQ(r.flags.size(), 1u);
  EXPECT_EQ(r.flags[0].kind, "forbidden");
  EXPECT_EQ(r.flags[0].line, 2);
  EXPECT_EQ(r.flags[0].what, "std::mutex");
  EXPECT_EQ(r.flags[0].why, "RQ-5: no lock and no allocation");
  EXPECT_TRUE(r.build);
}

TEST(Scan, ForbiddenPatternSeesThroughBlanksLinesAndComments) {
  EXPECT_EQ(Only("std\n:: /* x */ mutex m;"), "forbidden 1 std::mutex");
}

TEST(Scan, ForbiddenPatternIgnoresStrings) {
  EXPECT_EQ(Only("f(\"std::mutex\");"), "");
}

TEST(Scan, ForbiddenPatternIsSeenWhereTheJudgeSeesIt) {
  const std::vector<tools::Forbidden> rules = {
      {"std::mutex|<mutex>", "RQ-5", "no locks"}};
  const struct {
    const char* text;
    std::vector<int> lines;
  } kTexts[] = {
      {"std::mutex m;", {1}},
      {"a;\nstd ::\n mutex m;", {2}},
      {"#include <mutex>\n", {1}},
      {"std::mu\\\ntex m;", {1}},
      {"// std::mutex\n/* std::mutex */ int a;", {}},
      {"// goes on \\\nstd::mutex\nint a;", {}},
      {"/* std::mutex", {}},
      {"\"std::mutex", {}},
      {"f(\"std::mutex\"); f(\"\\\"\"); g(std::mutex());", {1}},
      {"n = 1'000; g(std::mutex()); c = '\"'; h();", {1}},
      {"asm(R\"(it's)\");\nstd::mutex m;", {2}},
      {"asm(R\"x()\" std::mutex)x\");", {}},
  };
  for (const auto& [text, lines] : kTexts) {
    std::vector<int> judge, grader;
    for (const auto& use : judge::FindForbidden(text, rules))
      judge.push_back(use.line);
    for (const Flag& flag : Scan("a.cc", text, rules, {"asm"}).flags)
      grader.push_back(flag.line);
    EXPECT_EQ(judge, lines) << text;
    EXPECT_EQ(grader, lines) << text;
  }
}

TEST(Scan, BadPatternOfTheManifestIsNamed) {
  ScanResult r = Scan("a.cc", "int x;", {{"(", "", "why"}}, {});
  ASSERT_EQ(r.flags.size(), 1u);
  EXPECT_NE(r.flags[0].why.find("course.bzl"), std::string::npos);
}

TEST(Scan, FlagsWhatEndsTheProcess) {
  EXPECT_EQ(Only("int a = (_exit(0), 1);"), "tampering 1 _exit");
  EXPECT_EQ(Only("void f() { ::exit(0); }"), "tampering 1 exit");
  EXPECT_EQ(Only("void (*f)(int) = &exit;"), "tampering 1 exit");
}

TEST(Scan, FlagsWhatRunsBeforeMain) {
  EXPECT_EQ(Only("[[gnu::constructor]] void f();"), "tampering 1 constructor");
  EXPECT_EQ(Only("__attribute__((section(\".init_array\"))) int x;"),
            "tampering 1 .init_array");
}

TEST(Scan, FlagsTheForgersNames) {
  EXPECT_EQ(Only("getenv(\"XML_OUTPUT_FILE\");"),
            "tampering 1 XML_OUTPUT_FILE");
  EXPECT_EQ(Only("open(\"/proc/self/fd\");"), "tampering 1 /proc/");
}

TEST(Scan, FlagsASplicedOrPastedName) {
  EXPECT_EQ(Only("void f() { _ex\\\nit(0); }"), "tampering 1 _exit");
  EXPECT_EQ(Only("#define X(a, b) a##b\n"), "tampering 1 ##");
}

TEST(Scan, AssemblyIsForTheLessonThatAllowsIt) {
  EXPECT_EQ(Only("asm volatile(\"nop\");"), "tampering 1 asm");
  EXPECT_EQ(Only("__asm__ volatile(\"nop\");", {"asm"}), "");
}

TEST(Scan, AllowedWordIsNotFlagged) {
  EXPECT_EQ(Only("syscall(1);"), "tampering 1 syscall");
  EXPECT_EQ(Only("syscall(1);", {"syscall"}), "");
}

TEST(Scan, IncludeFromOutsideIsNotBuilt) {
  for (const char* line :
       {"#include \"/etc/passwd\"", "#include </etc/passwd>",
        "#include \"../05/x.h\"", "#include \"a/../../b\"", "%:include </a>",
        "#include MACRO", "#include_next </a>", "# include /* x */ \"/a\""}) {
    ScanResult r = ScanText(line);
    EXPECT_FALSE(r.build) << line;
    ASSERT_EQ(r.flags.size(), 1u) << line;
    EXPECT_EQ(r.flags[0].kind, "outside") << line;
  }
}

TEST(Scan, IncludeOfAnAnswerIsFlaggedAndBuilt) {
  ScanResult r = ScanText("#include \"runtime/sched/run_queue.cc\"\n");
  ASSERT_EQ(r.flags.size(), 1u);
  EXPECT_EQ(r.flags[0].kind, "tampering");
  EXPECT_TRUE(r.build);
}

TEST(Scan, FlagsReorderingControls) {
  EXPECT_EQ(Only("int a;\n/* \xE2\x80\xAE */"),
            "tampering 2 a Unicode control that reorders text");
}

TEST(Scan, TheSameFindingIsListedOnce) {
  EXPECT_EQ(ScanText("_exit(0); _exit(1);").flags.size(), 1u);
}

TEST(Scan, NumberOfFlagsIsBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "#include \"/" + std::to_string(i) + "\"\n";
  EXPECT_EQ(ScanText(text).flags.size(), 50u);
}

// std::regex recurses once per character: a statement is searched in pieces.
TEST(Scan, LongStatementDoesNotOverflow) {
  EXPECT_EQ(Only(std::string(60000, 'a')), "");
  std::string text;
  for (int i = 0; i < 30000; ++i) text += "a,";
  EXPECT_EQ(Only(text), "");
}

}  // namespace
}  // namespace mn::grade
