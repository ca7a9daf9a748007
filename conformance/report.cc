// bazel run //conformance:report: which claims hold on this machine.
//
// Asks the test programs for their claims, runs each claim's test alone, and
// prints claim by claim `holds`, `fails` or `not here` (this machine lacks
// something; says what), with the figure that the test measured. Exit status 1
// when a claim fails.
//
// The order is that of the document's sections. Within a section it is that of
// the sources: file by file by name, and each file from its top.
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "conformance/claim.h"
#include "conformance/claim_json.h"
#include "conformance/suite.h"
#include "runtime/testing/process.h"

ABSL_FLAG(int, section, -1,
          "only the claims of this section of the document; 0: those that the "
          "document does not make; -1: all");
ABSL_FLAG(std::string, json, "", "also write the report to this file as JSON");

namespace mn::conformance {
namespace {

struct Verdict {
  const char* status;    // holds, fails, not_here
  std::string measured;  // the test's figure
  std::string why;       // of fails and not_here
};

std::vector<std::string> Split(const std::string& text, char at) {
  return absl::StrSplit(text, at);
}

// Enough to recognise the failure; the test prints all of it when it is run.
std::string FirstLines(const std::string& text, int n) {
  std::string s;
  for (const std::string& line : Split(text, '\n')) {
    if (line.empty()) continue;
    if (n-- == 0) break;
    absl::StrAppend(&s, s.empty() ? "" : "\n", line);
  }
  return s;
}

// What GoogleTest's JSON says of the one test that ran.
Verdict ReadResult(const test::ProcessResult& r, const std::string& file) {
  nlohmann::json json =
      nlohmann::json::parse(std::ifstream(file), nullptr, false);
  if (json.is_discarded()) {
    return {"fails", "",
            "the test itself ended early: " + FirstLines(r.Describe(), 8)};
  }
  for (const auto& suite : json.value("testsuites", nlohmann::json::array())) {
    for (const auto& t : suite.value("testsuite", nlohmann::json::array())) {
      Verdict v = {"holds", t.value("measured", ""), ""};
      if (t.contains("failures")) {
        v.status = "fails";
        v.why = FirstLines(t["failures"][0].value("failure", ""), 8);
      } else if (t.contains("not_here")) {
        v.status = "not_here";
        v.why = t["not_here"];
      } else if (t.value("result", "") != "COMPLETED") {
        v.status = "fails";
        v.why = "skipped without a reason: use MN_NOT_ON_THIS_MACHINE";
      }
      return v;
    }
  }
  return {"fails", "", "no such test: bazel test //conformance:claims_test"};
}

Verdict Check(const Suite& suite, const Claim& claim) {
  std::string file = absl::StrCat(P_tmpdir, "/mn_claim_XXXXXX");
  const int fd = mkstemp(file.data());
  if (fd < 0) return {"fails", "", absl::StrCat("cannot write ", file)};
  close(fd);
  const test::ProcessResult r =
      test::RunProcess({suite.Executable(claim.test),
                        absl::StrCat("--gtest_filter=", claim.name),
                        absl::StrCat("--gtest_output=json:", file)},
                       {.env = {}, .deadline = std::chrono::seconds(600)});
  Verdict v = ReadResult(r, file);
  unlink(file.c_str());
  return v;
}

// Breaks the sentence at blanks, so that it stays readable in a terminal.
std::string Wrapped(const std::string& text, const std::string& indent) {
  std::string s;
  size_t width = 0;
  for (const std::string& line : Split(text, '\n')) {
    for (const std::string& word : Split(line, ' ')) {
      if (width == 0 || width + 1 + word.size() > 88) {
        absl::StrAppend(&s, s.empty() ? "" : "\n", indent, word);
        width = indent.size() + word.size();
      } else {
        absl::StrAppend(&s, " ", word);
        width += 1 + word.size();
      }
    }
    width = 0;
  }
  return s;
}

void Print(const Claim& claim, const Verdict& v) {
  const bool not_here = std::string_view(v.status) == "not_here";
  absl::PrintF("  %-8s  %s\n%s\n", not_here ? "not here" : v.status, claim.id,
               Wrapped(claim.says, "            "));
  if (!v.measured.empty()) {
    absl::PrintF("%s\n", Wrapped("measured: " + v.measured, "            "));
  }
  if (!v.why.empty()) {
    absl::PrintF("%s\n", Wrapped("because: " + v.why, "            "));
  }
  if (std::string_view(v.status) == "fails") {
    absl::PrintF(
        "            see it: bazel test //conformance:%s --test_filter=%s\n",
        claim.test, claim.name);
  }
  fflush(stdout);
}

std::string MachineName() {
  utsname u = {};
  uname(&u);
  return absl::StrFormat("%d CPUs, %s %s, %s",
                         std::thread::hardware_concurrency(), u.sysname,
                         u.release, u.machine);
}

// `bazel run` starts us in the runfiles; a relative path is the user's.
std::string UsersPath(const std::string& path) {
  const char* directory = getenv("BUILD_WORKING_DIRECTORY");
  if (path.empty() || path[0] == '/' || directory == nullptr) return path;
  return absl::StrCat(directory, "/", path);
}

int Report(const Suite& suite) {
  const int only = absl::GetFlag(FLAGS_section);
  if (only != -1 && !IsSection(only)) {
    absl::FPrintF(stderr, "--section=%d: the document's sections are", only);
    for (const Section& s : kSections) absl::FPrintF(stderr, " %d", s.number);
    absl::FPrintF(stderr, "\n");
    return 1;
  }
  const std::string json_file = UsersPath(absl::GetFlag(FLAGS_json));
  std::ofstream json_out;
  if (!json_file.empty()) {
    json_out.open(json_file);
    if (!json_out) {
      absl::FPrintF(stderr, "--json=%s: cannot write there\n", json_file);
      return 1;
    }
  }

  nlohmann::json json = {{"schema", "mn.conformance/1"},
                         {"machine", MachineName()},
                         {"claims", nlohmann::json::array()}};
  absl::PrintF("Which claims hold here: %s\n", MachineName());
  int holds = 0, fails = 0, not_here = 0;
  for (const auto& [section, title] : kSections) {
    if (only != -1 && section != only) continue;
    bool first = true;
    for (const Claim& claim : suite.claims) {
      if (claim.section != section) continue;
      if (first) {
        absl::PrintF("\n%s%s\n",
                     section == 0 ? "" : absl::StrCat(section, ". "), title);
      }
      first = false;
      const Verdict v = Check(suite, claim);
      Print(claim, v);
      const std::string_view status = v.status;
      (status == "holds" ? holds : status == "fails" ? fails : not_here)++;
      nlohmann::json row = claim;
      row["test"] = claim.test;
      row["status"] = v.status;
      row["measured"] = v.measured;
      row["why"] = v.why;
      json["claims"].push_back(row);
    }
  }
  absl::PrintF("\n%d hold, %d fail, %d cannot be checked here\n", holds, fails,
               not_here);
  if (json_out.is_open()) json_out << json.dump(2) << "\n";
  if (holds + fails + not_here == 0) {
    absl::PrintF("there is no claim for section %d\n", only);
  }
  return fails == 0 ? 0 : 1;
}

}  // namespace
}  // namespace mn::conformance

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(
      "Checks every claim of //conformance on this machine.\n"
      "  bazel run //conformance:report -- [--section=3] [--json=FILE]");
  absl::ParseCommandLine(argc, argv);
  return mn::conformance::Report(mn::conformance::AskSuite(argv[0]));
}
