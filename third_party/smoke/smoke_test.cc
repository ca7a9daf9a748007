// One test per outside library: the least that shows it is found, linked and
// alive.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/context/detail/fcontext.hpp>
#include <boost/fiber/all.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/debugging/symbolize.h"
#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "backtrace.h"

ABSL_FLAG(int, smoke_answer, 42, "a flag that nobody sets");

namespace {

TEST(Smoke, GoogleTest) { EXPECT_THAT("m:n", testing::HasSubstr(":")); }

TEST(Smoke, Abseil) {
  EXPECT_EQ(absl::GetFlag(FLAGS_smoke_answer), 42);
  EXPECT_EQ(absl::StrCat("g", 1), absl::StrFormat("%s%d", "g", 1));
  EXPECT_EQ(absl::ToInt64Microseconds(absl::Milliseconds(10)), 10000);
  char name[64];
  int local = 0;
  EXPECT_FALSE(absl::Symbolize(&local, name, sizeof(name)));
}

TEST(Smoke, BoostContext) {
  using boost::context::detail::jump_fcontext;
  using boost::context::detail::make_fcontext;
  using boost::context::detail::transfer_t;
  alignas(16) static char stack[64 * 1024];
  // The other side adds one to the number it is given, and hands it back.
  void* other =
      make_fcontext(stack + sizeof(stack), sizeof(stack), [](transfer_t t) {
        for (;;) {
          void* sum =
              reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(t.data) + 1);
          t = jump_fcontext(t.fctx, sum);
        }
      });
  transfer_t back = jump_fcontext(other, reinterpret_cast<void*>(41));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(back.data), 42u);
}

TEST(Smoke, BoostFiber) {
  int answer = 0;
  boost::fibers::fiber([&] { answer = 42; }).join();
  EXPECT_EQ(answer, 42);
}

TEST(Smoke, NlohmannJson) {
  EXPECT_EQ(nlohmann::json::parse(R"({"m": [1, 2]})")["m"][1], 2);
}

TEST(Smoke, LibbacktraceSeesThisLine) {
  backtrace_state* state = backtrace_create_state(
      nullptr, /*threaded=*/1, [](void*, const char* m, int) { FAIL() << m; },
      nullptr);
  std::string top;
  backtrace_full(
      state, /*skip=*/0,
      [](void* out, uintptr_t, const char* file, int line, const char*) {
        *static_cast<std::string*>(out) =
            absl::StrCat(file ? file : "?", ":", line);
        return 1;  // the innermost frame is enough
      },
      [](void*, const char* m, int) { FAIL() << m; }, &top);
  EXPECT_THAT(top, testing::HasSubstr("third_party/smoke/smoke_test.cc:"));
}

}  // namespace
