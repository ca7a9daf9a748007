// The grader against submissions that would like to be graded otherwise.
//
// What is run is the product: the `grade` program, with a real Bazel of its own
// below $TEST_TMPDIR, on this checkout. Rejected: a second builder for tests
// that calls the compiler itself. It would take a minute less and would test a
// pipeline that nobody grades with; "BUILD replaced", "does not compile" and
// the overlay are about Bazel.
//
// A Bazel inside a Bazel test needs: an output root and a HOME of its own (the
// outer ones are read-only and locked), the sources as they are on disk (found
// through this file, a data dependency), and none of the outer test's
// environment. It works in the outer sandbox, which is wanted here: should a
// submission get away, it gets away into a namespace that dies with this test.
// The judges are built once, by the first test that grades; the rest compile
// one file each.
//
// The result is cached on what is declared in BUILD (the grader, the judge, the
// drivers), which is what can break it.
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tools/common/files.h"
#include "tools/common/run_command.h"
#include "tools/common/runfiles.h"
#include "tools/common/text.h"
#include "tools/judge/wall.h"

namespace mn::grade {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kLesson[] = "04_run_queue";
constexpr char kFile[] = "run_queue.cc";

struct Graded {
  int exit = -1;
  std::string said;   // what the program printed
  Json results;       // null: none
  std::string files;  // the text of everything in the report

  // A reference: a range-for over a part of a temporary would dangle.
  const Json& Lesson() const { return results.at("lessons").at(0); }
  std::string Status() const { return Lesson()["status"]; }
  std::string Message() const { return Lesson()["message"]; }
  Json Case(const std::string& name) const {
    for (const Json& c : Lesson()["cases"]) {
      if (c["name"] == "RunQueue." + name) return c;
    }
    ADD_FAILURE() << "no case " << name;
    return {};
  }
  std::string CaseStatus(const std::string& name) const {
    return Case(name).value("status", "");
  }
  bool Flagged(const std::string& kind, const std::string& what) const {
    for (const Json& f : Lesson()["flags"]) {
      if (f["kind"] == kind &&
          f["what"].get<std::string>().find(what) != std::string::npos)
        return true;
    }
    return false;
  }
};

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class Selftest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    base_ = fs::path(testing::TempDir()) / "grade";
    const std::string self = tools::FindRunfile("tools/grade/selftest.cc");
    ASSERT_FALSE(self.empty());
    workspace_ = fs::canonical(self).parent_path().parent_path().parent_path();
    ASSERT_TRUE(fs::exists(workspace_ / "WORKSPACE")) << workspace_;
    for (const char* dir :
         {"cache", "home", "outside", "reports", "students", "tmp"})
      fs::create_directories(base_ / dir);
    fs::permissions(base_ / "outside", fs::perms(0777));
    Write(base_ / "outside/canary", "alive\n");
    fs::permissions(base_ / "outside/canary", fs::perms(0666));
    solution_ = Read(workspace_ / "runtime/sched/run_queue.cc");
    starter_ =
        Read(workspace_ / "exercises" / kLesson / "judge" / "starter.cc");
    ASSERT_TRUE(Has(solution_, "RunqPutSlow"));
    ASSERT_TRUE(Has(starter_, "RunqPutSlow"));
    weak_ = std::system(
                "{ unshare -mpfni true || unshare -Urmpfni true; } "
                "2>/dev/null") != 0;
  }

  // Nothing that a submission started is left, and nothing was written where it
  // had no business, whichever test it was.
  void TearDown() override {
    EXPECT_EQ(Read(base_ / "outside/canary"), "alive\n");
    EXPECT_EQ(std::distance(fs::directory_iterator(base_ / "outside"), {}), 1);
    EXPECT_EQ(Leftovers(), std::vector<std::string>());
    for (const auto& entry : fs::directory_iterator(base_ / "tmp"))
      ADD_FAILURE() << "left: " << entry.path();
  }

  static void Write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string Read(const fs::path& path) {
    auto text = tools::ReadFile(path.string());
    return text.ok() ? *text : "(" + text.error() + ")";
  }

  // Processes that run a program of the grading tree: judges and cases.
  static std::vector<std::string> Leftovers() {
    std::vector<std::string> left;
    const std::string programs =
        fs::canonical(base_ / "cache").string() + "/output_base/execroot";
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator("/proc", ec)) {
      const std::string exe = fs::read_symlink(entry.path() / "exe", ec);
      if (exe.starts_with(programs)) left.push_back(exe);
    }
    return left;
  }

  static tools::Command Grade(std::vector<std::string> args) {
    tools::Command c;
    c.argv = {tools::FindRunfile("tools/grade/grade")};
    c.argv.insert(c.argv.end(), args.begin(), args.end());
    c.cwd = base_.string();
    c.clear_env = true;
    const char* path = std::getenv("PATH");
    const char* runfiles = std::getenv("TEST_SRCDIR");
    c.set_env = {
        {"PATH", path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin"},
        {"LANG", "C.UTF-8"},
        {"HOME", (base_ / "home").string()},
        {"TMPDIR", (base_ / "tmp").string()},
        {"RUNFILES_DIR", runfiles != nullptr ? runfiles : ""},
        {"BUILD_WORKSPACE_DIRECTORY", workspace_.string()},
        {"WB_BAZEL_FLAGS", "--output_user_root=" + (base_ / "bazel").string()}};
    c.merge_err = true;
    c.own_group = true;
    return c;
  }

  fs::path Student() const { return base_ / "students" / Name(); }
  static std::string Name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  // Puts a file into this test's submission.
  void HandIn(const std::string& text,
              const std::string& path = std::string(kFile)) {
    Write(Student() / path, text);
  }

  tools::Command GradeCommand() {
    fs::create_directories(Student());
    // Bazel's sandbox has no other user. wall_test is about the refusal.
    return Grade({"one", "students/" + Name(), "--lesson", "04",
                  "--lesson=run_queue", "--out", "reports/" + Name(),
                  "--cache_dir", "cache", "--allow_weak_fence"});
  }
  Graded Result(const tools::Outcome& o) {
    Graded g;
    EXPECT_TRUE(o.started()) << o.start_error;
    g.exit = o.exit_code;
    g.said = o.out;
    const fs::path report = base_ / "reports" / Name();
    if (fs::exists(report / "results.json"))
      g.results = Json::parse(Read(report / "results.json"), nullptr, false);
    EXPECT_FALSE(g.results.is_discarded());
    if (fs::exists(report)) {
      for (const auto& entry : fs::recursive_directory_iterator(report)) {
        if (entry.is_regular_file()) g.files += Read(entry.path());
      }
    }
    return g;
  }
  // Grades what was handed in.
  Graded GradeIt() { return Result(tools::RunCommand(GradeCommand())); }

  // The solution with `code` as the first thing that an overflow does: the
  // cases that do not overflow are as good as ever.
  static std::string WhenItOverflows(const std::string& code,
                                     const std::string& before = "") {
    const std::string head =
        "bool RunqPutSlow(RunQueue& q, G* gp, "
        "std::uint32_t head, std::uint32_t tail) {";
    EXPECT_TRUE(Has(solution_, head));
    return before + tools::ReplaceAll(solution_, head, head + "\n" + code);
  }

  static fs::path base_, workspace_;
  static std::string solution_, starter_;
  static bool weak_;  // this machine cannot wall a case in
};

fs::path Selftest::base_, Selftest::workspace_;
std::string Selftest::solution_, Selftest::starter_;
bool Selftest::weak_ = false;

// Full points, where the machine can tell (the ratio case may be inconclusive).
void ExpectPerfect(const Graded& g) {
  EXPECT_EQ(g.exit, 0) << g.said;
  ASSERT_FALSE(g.results.is_null()) << g.said;
  EXPECT_EQ(g.results["complete"], true);
  EXPECT_EQ(g.Status(), "graded") << g.said;
  EXPECT_EQ(g.results["score"], g.results["max"]) << g.said;
  EXPECT_GE(g.results["max"], 3) << g.said;
  EXPECT_EQ(g.results["needs_review"], false);
}

// The other cases are judged as if nothing had happened.
void ExpectOneCase(const Graded& g, const std::string& status) {
  EXPECT_EQ(g.exit, 0) << g.said;
  ASSERT_FALSE(g.results.is_null()) << g.said;
  EXPECT_EQ(g.CaseStatus("OverflowHalf"), status) << g.said;
  EXPECT_EQ(g.CaseStatus("Fifo"), "passed") << g.said;
  EXPECT_EQ(g.CaseStatus("RunnextFirst"), "passed") << g.said;
  EXPECT_GT(g.results["score"], 0);
  EXPECT_LT(g.results["score"], g.results["max"]);
}

// ---- honest submissions

TEST_F(Selftest, Perfect) {
  HandIn(solution_, "exercises/04_run_queue/run_queue.cc");
  Graded g = GradeIt();
  ExpectPerfect(g);
  EXPECT_EQ(g.Lesson()["schema"], "wb.results/1");
  EXPECT_EQ(g.Lesson()["submission"]["id"], "Perfect");
  EXPECT_EQ(g.Lesson()["submission"]["sha256"][kFile].get<std::string>().size(),
            64u);
  EXPECT_EQ(g.results["lessons"].size(), 1u);  // it was named twice
  EXPECT_TRUE(Has(g.said, "the local run queue: graded"));
}

TEST_F(Selftest, UntouchedStarter) {
  HandIn(starter_);
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.Status(), "graded");
  for (const Json& c : g.Lesson()["cases"])
    EXPECT_EQ(c["status"], "not_implemented") << c;
  EXPECT_EQ(g.results["score"], 0);
  EXPECT_GT(g.results["max"], 0);
  EXPECT_TRUE(Has(g.said, "not a broken setup")) << g.said;
}

TEST_F(Selftest, HalfDone) {
  const std::string half = "kHalf = kRunqSize / 2;";
  ASSERT_TRUE(Has(solution_, half));
  HandIn(tools::ReplaceAll(solution_, half, "kHalf = kRunqSize / 4;"));
  Graded g = GradeIt();
  ExpectOneCase(g, "failed");
  EXPECT_EQ(g.Status(), "graded");
  EXPECT_EQ(g.Case("OverflowHalf")["inv"], "RQ-3");
}

TEST_F(Selftest, DoesNotCompile) {
  HandIn(solution_ + "\nint broken = ;\n");
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.Status(), "build_error") << g.said;
  EXPECT_TRUE(Has(g.Message(), "exercises/04_run_queue/run_queue.cc:"))
      << g.Message();
  EXPECT_TRUE(Has(g.Message(), "error: expected")) << g.Message();
  EXPECT_FALSE(Has(g.Message(), "ERROR:")) << g.Message();
  EXPECT_EQ(g.CaseStatus("Fifo"), "build_error");
  EXPECT_EQ(g.results["score"], 0);
}

TEST_F(Selftest, FunctionThatIsNotThereIsABuildError) {
  HandIn("#include \"runtime/plug/run_queue.h\"\n");
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.Status(), "build_error") << g.said;
  EXPECT_TRUE(Has(g.Message(), "RunqPut")) << g.Message();
}

TEST_F(Selftest, WindowsText) {
  HandIn("\xEF\xBB\xBF" + tools::ReplaceAll(solution_, "\n", "\r\n"));
  Graded g = GradeIt();
  ExpectPerfect(g);
  EXPECT_EQ(g.Lesson()["notes"].size(), 2u);
}

// What an honest file may look like: none of it takes a point or asks for a
// person.
TEST_F(Selftest, UnusualButRight) {
  const std::string head = "void RunqPut(RunQueue& q, G* gp, bool next) {";
  ASSERT_TRUE(Has(solution_, head));
  HandIn(
      "#include <mutex>\n#include <new>\n#include <vector>\n"
      "#if 0\nstatic std::mutex m; // an old attempt\n#endif\n"
      "// f\xFCr C:\\exercises\\\n   no std::mutex and no new here\n" +
      tools::ReplaceAll(
          solution_, head,
          "namespace {\n"
          "G* deque(G* gp) { return gp; }\n"
          "struct Slot { void kill() const {} };\n"
          "void exit(Slot slot) { slot.kill(); }\n"
          "int clone(int n) { return n; }\n"
          "}\n" +
              head +
              "\n  asm volatile(\"nop  # not malloc\");\n"
              "  exit(Slot());\n  gp = clone(1) == 1 ? deque(gp) : gp;\n") +
      "\n#include <cstdio>\nint main() {\n  std::vector<int> v(3);\n"
      "  std::printf(\"a test of my own %zu\\n\", v.size());\n}\n");
  Graded g = GradeIt();
  ExpectPerfect(g);
  EXPECT_EQ(g.Lesson()["flags"].size(), 0u) << g.said;
  EXPECT_TRUE(Has(g.said, "read as Latin-1")) << g.said;
  EXPECT_TRUE(Has(g.said, "main of its own")) << g.said;
}

TEST_F(Selftest, PackedAsPeoplePack) {
  HandIn(solution_, "homework/lesson 4/run_queue.cc");
  HandIn(starter_, "homework/exercises/04_run_queue/run_queue.cc");
  HandIn("x", ".DS_Store");
  HandIn("x", "__MACOSX/homework/run_queue.cc");
  Graded g = GradeIt();
  ExpectPerfect(g);
  const std::string from = "homework/lesson 4/run_queue.cc";
  EXPECT_EQ(g.Lesson()["submission"]["from"][kFile], from);
  EXPECT_TRUE(Has(g.said, "taken from " + from)) << g.said;
  EXPECT_TRUE(Has(g.said, "is the starter as it was given out")) << g.said;
}

TEST_F(Selftest, EmptyDirectory) {
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 3) << g.said;
  EXPECT_EQ(g.Status(), "missing");
  EXPECT_TRUE(Has(g.Message(), "run_queue.cc was not handed in"));
  EXPECT_TRUE(g.Lesson()["cases"].empty());
}

// ---- one case goes wrong, the others do not

TEST_F(Selftest, HangInOneCase) {
  HandIn(WhenItOverflows("for (volatile int i = 0;;) i = i + 1;"));
  ExpectOneCase(GradeIt(), "timeout");
}

TEST_F(Selftest, CrashInOneCase) {
  HandIn(WhenItOverflows("*static_cast<volatile int*>(nullptr) = 1;"));
  Graded g = GradeIt();
  ExpectOneCase(g, "crashed");
}

TEST_F(Selftest, StackOverflowInOneCase) {
  HandIn(WhenItOverflows("if (Deeper(1) == 0) return false;",
                         "static int Deeper(int n) {\n"
                         "  volatile char page[4096];\n"
                         "  page[n % 4096] = 1;\n"
                         "  return Deeper(n + 1) + page[(n + 1) % 4096];\n"
                         "}\n"));
  ExpectOneCase(GradeIt(), "crashed");
}

TEST_F(Selftest, ForkBombInOneCase) {
  HandIn(WhenItOverflows("for (;;) fork();", "#include <unistd.h>\n"));
  Graded g = GradeIt();
  ExpectOneCase(g, "crashed");
  EXPECT_TRUE(g.Flagged("tampering", "fork"));
}

TEST_F(Selftest, OutputWithoutEndInOneCase) {
  HandIn(WhenItOverflows("for (;;) std::puts(\"and another line of it\");",
                         "#include <cstdio>\n"));
  Graded g = GradeIt();
  ExpectOneCase(g, "crashed");
  EXPECT_LT(g.files.size(), 1u << 20);
}

// ---- submissions that want points for nothing

TEST_F(Selftest, ExitBeforeMain) {
  HandIn(Read(workspace_ / "tools/judge/hostile/static_exit.cc"));
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.Status(), "suspicious");
  EXPECT_TRUE(g.Flagged("tampering", "_exit")) << g.said;
  for (const Json& c : g.Lesson()["cases"]) EXPECT_NE(c["status"], "passed");
  EXPECT_EQ(g.results["score"], 0);
}

TEST_F(Selftest, ForgedXml) {
  HandIn(Read(workspace_ / "tools/judge/hostile/forged_xml.cc"));
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.Status(), "suspicious");
  EXPECT_TRUE(g.Flagged("tampering", "XML_OUTPUT_FILE")) << g.said;
  EXPECT_EQ(g.results["score"], 0);
}

TEST_F(Selftest, ProtocolFaker) {
  HandIn(Read(workspace_ / "tools/judge/hostile/faker.cc"));
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.Status(), "suspicious");
  EXPECT_EQ(g.CaseStatus("Fifo"), "suspicious") << g.said;
  EXPECT_TRUE(g.Flagged("canary", "RunQueue.Fifo"));
  EXPECT_EQ(g.results["needs_review"], true);
  EXPECT_EQ(g.results["score"], 0);
}

// Each name is one that only the compiler sees.
TEST_F(Selftest, NamesHiddenFromAReaderOfTheText) {
  HandIn("#include <signal.h>\n#include <unistd.h>\n#include <mutex>\n" +
         solution_ +
         "// a note\rstatic std::mutex m; void L() { m.lock(); }\n"
         "const char* a = R\"()\\\n\" /* )\";\n"
         "void E() { _ex\\\nit(0); }\n"
         "const char* b = \" */ \";\n"
         "#define JOIN(x, y) x##y\n"
         "void K() { JOIN(ki, ll)(0, 0); }\n"
         "extern \"C\" int F() __asm__(\"fo\" \"rk\");\n"
         "void G_() { F(); }\n"
         "__attribute__((section(\".init\" \"_arr\\x61y\"), used))\n"
         "static void (*const g)(void) = [] {};\n");
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.Status(), "suspicious") << g.said;
  EXPECT_EQ(g.CaseStatus("FastPath"), "failed") << g.said;
  EXPECT_TRUE(g.Flagged("forbidden", "std::mutex")) << g.said;
  for (const char* name : {"_exit", "kill", "fork", ".init_array"})
    EXPECT_TRUE(g.Flagged("tampering", name)) << name << g.said;
}

TEST_F(Selftest, BuildFileReplaced) {
  HandIn(starter_, "exercises/04_run_queue/run_queue.cc");
  HandIn("sh_test(name = \"04_run_queue\", srcs = [\"yes.sh\"])\n",
         "exercises/04_run_queue/BUILD");
  HandIn("int main() { return 0; }\n", "exercises/04_run_queue/judge/judge.cc");
  HandIn("test --test_filter=none\n", ".bazelrc");
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.CaseStatus("Fifo"), "not_implemented");
  EXPECT_EQ(g.results["score"], 0);
  EXPECT_EQ(g.results["submission"]["ignored"].size(), 3u);
  EXPECT_TRUE(Has(g.said, "exercises/04_run_queue/BUILD: the course's own"))
      << g.said;
}

TEST_F(Selftest, SolutionIncludedIsFlagged) {
  HandIn("#include \"runtime/sched/run_queue.cc\"\n");
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.Status(), "suspicious");
  EXPECT_TRUE(
      g.Flagged("tampering", "#include \"runtime/sched/run_queue.cc\""));
}

// ---- submissions that want to see or change the machine

TEST_F(Selftest, LinkInPlaceOfTheFile) {
  fs::create_directories(Student());
  fs::create_symlink("/etc/passwd", Student() / kFile);
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 3) << g.said;
  EXPECT_EQ(g.Status(), "refused");
  EXPECT_TRUE(g.Flagged("link", "/etc/passwd"));
  EXPECT_FALSE(Has(g.files, "root:"));
}

TEST_F(Selftest, HardLinkInPlaceOfTheFile) {
  Write(base_ / "outside/../secret", "SECRET");
  fs::create_directories(Student());
  fs::create_hard_link(base_ / "secret", Student() / kFile);
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 3) << g.said;
  EXPECT_EQ(g.Status(), "refused");
  EXPECT_TRUE(g.Flagged("link", "hard link"));
  EXPECT_FALSE(Has(g.files, "SECRET"));
}

TEST_F(Selftest, FolderNamesDriveNoTerminal) {
  HandIn(solution_, "\x1b[2Jwork/run_queue.cc");
  HandIn(solution_ + "\n// older\n", "\x1b]0;x\x07old/run_queue.cc");
  HandIn("x", "\x1b[31mnotes.txt");
  Graded g = GradeIt();
  ExpectPerfect(g);
  EXPECT_FALSE(Has(g.said, "\x1b"));
  EXPECT_FALSE(Has(g.files, "\x1b"));
  EXPECT_TRUE(Has(g.said, "taken from \\x1b[2Jwork/run_queue.cc")) << g.said;
  const tools::Outcome o =
      tools::RunCommand(Grade({"one", "no\x1b[2J", "--lesson", "\x1b"}));
  EXPECT_FALSE(Has(o.out, "\x1b"));
}

TEST_F(Selftest, IncludeOfAFileOfTheMachine) {
  HandIn("#include \"/etc/passwd\"\n" + solution_);
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 0) << g.said;
  EXPECT_EQ(g.Status(), "suspicious");
  EXPECT_TRUE(g.Flagged("outside", "/etc/passwd"));
  EXPECT_TRUE(Has(g.Message(), "not built"));
  EXPECT_FALSE(Has(g.files, "root:"));
}

// An assembler that may read the file says what is wrong with its words.
TEST_F(Selftest, CompilerReadsNoFileOfTheMachine) {
  Write(base_ / "decoy", "wordofthedecoy\n");
  HandIn(solution_ + "asm(\".include \\\"" + (base_ / "decoy").string() +
         "\\\"\");\n");
  Graded g = GradeIt();
  if (weak_) GTEST_SKIP() << "this machine makes no namespaces";
  EXPECT_EQ(g.Status(), "build_error") << g.said;
  EXPECT_FALSE(Has(g.said, "wordofthedecoy")) << g.said;
  EXPECT_FALSE(Has(g.files, "wordofthedecoy"));
}

TEST_F(Selftest, NameThatIsNotUtf8) {
  HandIn(solution_);
  HandIn("x", "r\xE9sum\xE9.txt");
  Graded g = GradeIt();
  ExpectPerfect(g);
  EXPECT_TRUE(Has(g.said, "r\\xe9sum\\xe9.txt: its name is not UTF-8"))
      << g.said;
}

TEST_F(Selftest, TextThatIsNotUtf8) {
  HandIn(solution_ + "int f\xFCr;\n");
  Graded g = GradeIt();
  EXPECT_EQ(g.exit, 3) << g.said;
  EXPECT_EQ(g.Status(), "refused");
  EXPECT_TRUE(Has(g.Message(), "not UTF-8 (byte 0xfc in line"));
}

// Writes wherever it knows of, leaves a daemon behind, and prints the course's
// solutions.
TEST_F(Selftest, EscapeArtist) {
  const std::string canary = (base_ / "outside/canary").string();
  const std::string report =
      (base_ / "reports" / Name() / "results.json").string();
  const std::string secret =
      (workspace_ / "solutions" / kLesson / "BUILD").string();
  ASSERT_TRUE(fs::exists(secret));
  ASSERT_FALSE(Read(secret).empty());
  HandIn("#include <sys/stat.h>\n#include <unistd.h>\n#include <cstdio>\n" +
         WhenItOverflows("Escape();",
                         "static void Put(const char* path) {\n"
                         "  if (FILE* f = std::fopen(path, \"w\")) {\n"
                         "    std::fputs(\"dead\\n\", f);\n"
                         "    std::fclose(f);\n"
                         "  }\n"
                         "}\n"
                         "static void Escape() {\n"
                         "  Put(\"" +
                             canary +
                             "\");\n"
                             "  Put(\"" +
                             canary +
                             "2\");\n"
                             "  Put(\"" +
                             report +
                             "\");\n"
                             "  if (FILE* f = std::fopen(\"" +
                             secret +
                             "\", \"r\")) {\n"
                             "    char text[4096];\n"
                             "    text[std::fread(text, 1, 4095, f)] = 0;\n"
                             "    std::printf(\"SECRET %s\", text);\n"
                             "    std::fflush(stdout);\n"
                             "  }\n"
                             "  if (fork() == 0) {\n"
                             "    setsid();\n"
                             "    if (fork() == 0) {\n"
                             "      sleep(1);\n"
                             "      Put(\"" +
                             canary +
                             "\");\n"
                             "      for (;;) sleep(1);\n"
                             "    }\n"
                             "    _exit(0);\n"
                             "  }\n"
                             "  _exit(1);\n"
                             "}\n"));
  Graded g = GradeIt();
  ExpectOneCase(g, "failed");
  EXPECT_EQ(g.Status(), "suspicious");
  sleep(2);  // longer than the daemon would; TearDown looks at the canary
  if (weak_) GTEST_SKIP() << "this machine makes no namespaces";
  const Json walls = g.Lesson()["fences"]["walls"];
  for (const char* wall : {"processes", "network", "files", "rights", "calls"})
    EXPECT_EQ(walls[wall], true) << wall;
  // Root of Bazel's sandbox has no other user to make of a case.
  if (geteuid() != 0 || judge::StrangerUid() != 0) {
    EXPECT_EQ(walls["user"], true);
  }
  EXPECT_FALSE(Has(g.files, "SECRET"));
}

// ---- the grader itself

TEST_F(Selftest, StoppedGraderLeavesAWholeRecord) {
  HandIn(WhenItOverflows("for (volatile int i = 0;;) i = i + 1;"));
  tools::Command c = GradeCommand();
  auto stop = std::make_shared<tools::Canceller>();
  c.canceller = stop;
  c.kill_grace = std::chrono::seconds(60);
  std::string heard;
  c.on_out = [&](std::string_view text) {
    heard += text;
    if (Has(heard, "grade: judging")) stop->Cancel();
  };
  const tools::Outcome o = tools::RunCommand(c);
  Graded g = Result(o);
  EXPECT_TRUE(o.cancelled);
  EXPECT_EQ(g.exit, 2) << g.said;
  ASSERT_FALSE(g.results.is_null());
  EXPECT_EQ(g.results["complete"], false);
  EXPECT_TRUE(Has(g.said, "NOT COMPLETE")) << g.said;
}

TEST_F(Selftest, SameInputTwiceGivesTheSame) {
  HandIn(WhenItOverflows("*static_cast<volatile int*>(nullptr) = 1;"));
  Graded first = GradeIt();
  Graded second = GradeIt();
  ExpectOneCase(first, "crashed");
  for (const Json& c : first.Lesson()["cases"]) {
    const std::string name = c["name"].get<std::string>().substr(9);
    if (c["inv"] == "RQ-P") continue;  // may be inconclusive
    EXPECT_EQ(c["status"], second.CaseStatus(name)) << name;
  }
}

// The last one that grades: without it the server would stay for a while.
TEST_F(Selftest, ShutdownEndsTheBazelServer) {
  const std::string pid_file =
      (base_ / "cache/output_base/server/server.pid.txt").string();
  HandIn(starter_);
  tools::Command c = GradeCommand();
  c.argv.emplace_back("--shutdown");
  Graded g = Result(tools::RunCommand(c));
  EXPECT_EQ(g.exit, 0) << g.said;
  ASSERT_TRUE(fs::exists(base_ / "cache/output_base"));
  const int pid = std::atoi(Read(pid_file).c_str());
  EXPECT_TRUE(pid == 0 || !fs::exists("/proc/" + std::to_string(pid))) << pid;
}

TEST_F(Selftest, WrongUsageSaysWhatIsRight) {
  fs::create_directories(Student());
  Write(base_ / "a.zip", "PK");
  const std::string dir = "students/" + Name();
  const std::pair<std::vector<std::string>, std::string> wrong[] = {
      {{}, "grade one DIR"},
      {{"two"}, "there is no command \"two\""},
      {{"one"}, "Name its directory"},
      {{"one", dir, "other"}, "\"other\" is a second"},
      {{"one", "nobody"}, "nobody: No such file"},
      {{"one", "a.zip"}, "unpack it"},
      {{"one", dir, "--lesson", "99"}, "no lesson \"99\""},
      {{"one", dir, "--lesson"}, "which one?"},
      {{"one", dir, "--colour"}, "no flag --colour"},
      {{"one", dir, "--out", "a.zip"}, "--out: "},
  };
  for (const auto& [args, part] : wrong) {
    const tools::Outcome o = tools::RunCommand(Grade(args));
    EXPECT_EQ(o.exit_code, 64) << part << "\n" << o.out;
    EXPECT_TRUE(Has(o.out, part)) << part << "\n" << o.out;
  }
}

}  // namespace
}  // namespace mn::grade
