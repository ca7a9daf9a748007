#include "tools/grade/scan.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace mn::grade {
namespace {

const std::vector<tools::Forbidden> kForbidden = {
    {"std::mutex|std::deque|^::usleep$", "RQ-5", "no lock and no allocation"}};

// The only flag, as "kind line what"; "" if there is none.
std::string Only(const std::vector<Flag>& flags) {
  if (flags.empty()) return "";
  EXPECT_EQ(flags.size(), 1u);
  const Flag& f = flags[0];
  EXPECT_EQ(f.file, "run_queue.cc");
  EXPECT_FALSE(f.why.empty());
  return f.kind + " " + std::to_string(f.line) + " " + f.what;
}

std::string Text(std::string_view text) {
  return Only(ScanText("run_queue.cc", text).flags);
}

std::string Code(std::string_view preprocessed, std::string_view symbols = "",
                 bool allow_asm = false) {
  return Only(ScanCode("run_queue.cc",
                       tools::ReadOwnCode(preprocessed, symbols), kForbidden,
                       allow_asm));
}

std::string Assembly(const std::string& text, bool allow_asm = false) {
  return Code("asm volatile(R\"(" + text + ")\" : : : \"memory\");", "",
              allow_asm);
}

TEST(ScanCode, HonestCodeHasNoFlag) {
  EXPECT_EQ(Code("namespace mn { struct S { void exit(); bool kill; };\n"
                 "int clone(int); void F(S& q) { q.exit(); exit(q); } }\n"
                 "const char* text = \"std::mutex, _exit\"; int constructor;\n",
                 "0000 t exit(mn::S)\n U memcpy\n U mn::fork()\n"),
            "");
}

TEST(ScanCode, ForbiddenPatternHasItsReason) {
  const std::vector<Flag> flags =
      ScanCode("a.cc", tools::ReadOwnCode("int a;\nstd::mutex m;\n", ""),
               kForbidden, false);
  ASSERT_EQ(flags.size(), 1u);
  EXPECT_EQ(flags[0].kind, "forbidden");
  EXPECT_EQ(flags[0].line, 2);
  EXPECT_EQ(flags[0].what, "std::mutex");
  EXPECT_EQ(flags[0].why, "RQ-5: no lock and no allocation");
}

TEST(ScanCode, ForbiddenFunctionIsASymbol) {
  EXPECT_EQ(Code("void usleep(int);", ""), "");
  EXPECT_EQ(Code("int a;", "  U usleep\n"), "forbidden 0 ::usleep");
}

TEST(ScanCode, BadPatternOfTheManifestIsNamed) {
  const std::vector<Flag> flags = ScanCode(
      "a.cc", tools::ReadOwnCode("int x;", ""), {{"(", "", "why"}}, false);
  ASSERT_EQ(flags.size(), 1u);
  EXPECT_NE(flags[0].why.find("course.bzl"), std::string::npos);
}

TEST(ScanCode, FlagsWhatEndsTheProcessHoweverItIsSpelt) {
  EXPECT_EQ(Code("int a;\nint b = (_exit(0), 1);", " U _exit\n"),
            "tampering 2 _exit");
  EXPECT_EQ(Code("extern int f(int) asm(\"e\" \"xit\");", " U exit\n"),
            "tampering 0 exit");
}

TEST(ScanCode, FlagsWhatRunsBeforeMain) {
  EXPECT_EQ(Code("[[gnu::constructor]] void f();"), "tampering 1 constructor");
  EXPECT_EQ(Code("__attribute__((used, constructor)) void f();"),
            "tampering 1 constructor");
  EXPECT_EQ(Code("__attribute__((section(\".init\" \"_arr\\x61y\"))) int x;"),
            "tampering 1 .init_array");
}

TEST(ScanCode, FlagsWhatStopsSingleSteps) {
  EXPECT_EQ(Code("__builtin_ia32_writeeflags_u64(0);"),
            "tampering 1 __builtin_ia32_writeeflags_u64");
}

TEST(ScanCode, FlagsTheForgersNames) {
  EXPECT_EQ(Code("getenv(\"XML_OUTPUT\" \"_FILE\");"),
            "tampering 1 XML_OUTPUT_FILE");
  EXPECT_EQ(Code("open(\"/proc/self/fd\");"), "tampering 1 /proc/");
}

TEST(ScanCode, AHintToTheProcessorIsNobodysBusiness) {
  for (const char* text :
       {"", "pause", "yield", "mfence", "rep; nop", "lock; addl $0, (%%rsp)",
        "movq %0, %%rax\n\tprefetcht0 (%%rax)", "# exit, call kill\n nop",
        "/* .incbin */ lfence", "dmb ish"}) {
    EXPECT_EQ(Assembly(text), "") << text;
  }
}

TEST(ScanCode, AssemblyThatGoesElsewhereIsForTheLessonThatIsAboutIt) {
  EXPECT_EQ(Assembly("nop; callq *%%r12"), "tampering 1 asm callq");
  EXPECT_EQ(Assembly("pushfq"), "");
  EXPECT_EQ(Assembly("1: popfq"), "tampering 1 asm popfq");
  EXPECT_EQ(Assembly(" .section .text"), "tampering 1 asm .section");
  EXPECT_EQ(Assembly("nop; callq *%%r12\n .text", true), "");
  EXPECT_EQ(Code("asm(\"call _exit; exit: jmp exit\");", " U _exit\n", true),
            "tampering 0 _exit");
  EXPECT_EQ(Assembly(".incbin \"/etc/passwd\"", true), "tampering 1 .incbin");
}

TEST(ScanCode, AnAnswerThatIsIncludedIsFlagged) {
  EXPECT_EQ(Code("int a;\n# 1 \"./runtime/plug/run_queue.h\" 1\n"
                 "# 1 \"./runtime/sched/run_queue.cc\" 1\nint b;\n"
                 "# 2 \"./runtime/plug/run_queue.h\" 2\n"
                 "# 3 \"run_queue.cc\" 2\n"),
            "tampering 2 #include \"runtime/sched/run_queue.cc\"");
}

TEST(ScanCode, TheSameFindingIsListedOnce) {
  EXPECT_EQ(Code("open(\"/proc/1\"); open(\"/proc/2\");"),
            "tampering 1 /proc/");
}

// std::regex recurses once per character: a statement is searched in pieces.
TEST(ScanCode, LongStatementDoesNotOverflow) {
  EXPECT_EQ(Code(std::string(60000, 'a')), "");
  std::string text;
  for (int i = 0; i < 30000; ++i) text += "a,";
  EXPECT_EQ(Code(text), "");
}

TEST(ScanText, HonestTextHasNoFlag) {
  EXPECT_EQ(Text("#include \"runtime/plug/run_queue.h\"\n"
                 "#include <cstdint>\n"
                 "// _exit() and #include \"/etc/passwd\"\n"
                 "#define X(a, b) a##b\n"
                 "asm(\"#include </a>\");\n"),
            "");
}

TEST(ScanText, IncludeFromOutsideIsNotBuilt) {
  for (const char* line :
       {"#include \"/etc/passwd\"", "#include </etc/passwd>",
        "#include \"../05/x.h\"", "#include \"a/../../b\"", "%:include </a>",
        "#include MACRO", "#include_next </a>", "# include /* x */ \"/a\"",
        "R\"()\\\n\" /* )\"\n#include </a>\n\" */\""}) {
    const TextScan r = ScanText("a.cc", line);
    EXPECT_FALSE(r.build) << line;
    ASSERT_EQ(r.flags.size(), 1u) << line;
    EXPECT_EQ(r.flags[0].kind, "outside") << line;
  }
}

TEST(ScanText, FlagsReorderingControls) {
  EXPECT_EQ(Text("int a;\n/* \xE2\x80\xAE */"),
            "tampering 2 a Unicode control that reorders text");
}

TEST(ScanText, FlagsAPreprocessorsOwnMark) {
  EXPECT_EQ(Text("int a;\n# 1 \"b.h\" 1\nint b;\n"), "tampering 2 # 1");
}

TEST(ScanText, NumberOfFlagsIsBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "#include \"/" + std::to_string(i) + "\"\n";
  EXPECT_EQ(ScanText("a.cc", text).flags.size(), 50u);
}

}  // namespace
}  // namespace mn::grade
