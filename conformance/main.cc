// main() of a conformance test. It runs a program of the file, prints the
// file's claims (--claims), or runs the tests on a plain thread: the runtime
// never starts in the process that looks at programs from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string_view>

#include "conformance/claim.h"
#include "conformance/claim_json.h"
#include "runtime/testing/bare_program.h"

int main(int argc, char** argv) {
  mn::test::RunProgramIfAsked(argc, argv);
  if (argc == 2 && std::string_view(argv[1]) == "--claims") {
    const nlohmann::json claims = mn::conformance::ClaimsOfThisProgram();
    return puts(claims.dump(2).c_str()) < 0;
  }
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
