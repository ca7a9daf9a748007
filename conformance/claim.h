// CLAIM(...) { body } is a GoogleTest and the claim that the test shows:
//
//   CLAIM(Stealing, ThiefTakesHalfOfTheRing,
//         {.id = "steal.half",
//          .section = 3,
//          .source = "invariant 5: idle Ps steal half",
//          .says = "A P that runs dry takes half of another P's ring."}) {
//     const ProcessResult r = RunUndisturbed("StealOnce", OnProcs(2));
//     EXPECT_EQ(Number(r, "stolen"), 50);
//   }
//
// A test program that is started with `--claims` prints its claims as JSON
// (claim_json.h). The report and claims_test ask all programs (suite.h).
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace mn::conformance {

// The profile of the runtime under which a claim must hold.
enum Profile { kBoth, kDocument, kGo };

// A CLAIM gives the fields as far as `profile`. It must give those that have no
// initialiser here. gcc refuses a CLAIM that leaves one of them out.
struct Claim {
  // The claim's name, SUBJECT.what, such as steal.half.
  std::string id;
  // The section of the document "Goroutines vs OS Threads, Middle Level" that
  // says it, one of kSections. 0: the document is silent, and the claim is a
  // fact about Go that programs rely on, or a promise of our own.
  int section;
  // Where exactly: the document's sentence, a row of Go's own tests and source,
  // or an invariant of the runtime (runtime/HACKING.md).
  std::string source;
  // The claim in our own words, one sentence.
  std::string says;
  Profile profile = kBoth;

  // Where the claim is tested.
  std::string test = {};  // the target, //conformance:TEST
  std::string name = {};  // the GoogleTest in it, SUITE.NAME
};

struct Section {
  int number;
  std::string_view title;
};

// The sections of the document, in the order of the report.
inline constexpr Section kSections[] = {
    {3, "The M:N Model in Detail"},
    {4, "How a Blocking Syscall Is Handed Off"},
    {5, "The Netpoller: Network I/O Without Threads"},
    {6, "Cgo and Thread Costs"},
    {7, "LockOSThread in Practice"},
    {8, "Tuning GOMAXPROCS"},
    {9, "Containers, cgroups, and GOMAXPROCS"},
    {10, "Goroutine Identity vs Thread Identity"},
    {11, "Signals and Threads"},
    {12, "Comparing Goroutines to Other Languages' Concurrency"},
    {13, "Diagnostics: Counting Threads and Goroutines"},
    {14, "Performance Gotchas"},
    {0, "Not in the document: what Go does, and what we promise"},
};

bool IsSection(int number);

// The claims of this program, in the order of its source. Their `test` is empty
// because the program does not know its target.
const std::vector<Claim>& ClaimsOfThisProgram();

namespace internal {
// Called by static initialisers.
bool RegisterClaim(std::string name, Claim claim);
}  // namespace internal

}  // namespace mn::conformance

// The commas between the fields make the claim several arguments.
#define CLAIM(suite, test_name, ...)                                    \
  [[maybe_unused]] static const bool mn_claim_##suite##_##test_name =   \
      ::mn::conformance::internal::RegisterClaim(#suite "." #test_name, \
                                                 __VA_ARGS__);          \
  TEST(suite, test_name)
