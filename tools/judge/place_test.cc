// Addresses of this very program.

#include "tools/judge/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <link.h>
#include <unistd.h>

#include <climits>
#include <cstdint>
#include <string>

// Assembly outside of functions, which has no lines.
extern "C" void place_test_label();
asm(".text\n"
    ".globl place_test_label\n"
    ".type place_test_label, %function\n"
    "place_test_label:\n"
    "  nop\n"
    "  nop\n"
    ".size place_test_label, . - place_test_label\n");

namespace mn::judge {

int NamedByItsLine(int x) { return x + 1; }

namespace {

using testing::EndsWith;

std::string Program() {
  char path[PATH_MAX];
  const ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
  return std::string(path, static_cast<std::size_t>(n < 0 ? 0 : n));
}

Place At(void (*function)(), int bytes, const std::string& source = "") {
  std::uintptr_t base = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        *static_cast<std::uintptr_t*>(out) = info->dlpi_addr;
        return 1;
      },
      &base);
  const auto pc = reinterpret_cast<std::uintptr_t>(function);
  return PlaceOf(Program(), static_cast<std::int64_t>(pc - base) + bytes,
                 source, "x.cc");
}

TEST(PlaceOf, NamesFunctionAndLine) {
  const Place place = At(reinterpret_cast<void (*)()>(&NamedByItsLine), 0);
  EXPECT_EQ(place.function, "mn::judge::NamedByItsLine");
  EXPECT_THAT(place.file, EndsWith("tools/judge/place_test.cc"));
  EXPECT_EQ(place.line, 26);
  EXPECT_EQ(place.past_label, -1);
}

TEST(PlaceOf, OfAssemblyTheLabelIsLookedUpInTheSource) {
  const Place place =
      At(&place_test_label, 1, "asm(R\"(\n  place_test_label:  # here\n)\");");
  EXPECT_EQ(place.function, "place_test_label");
  EXPECT_EQ(place.file, "x.cc");
  EXPECT_EQ(place.line, 2);
  EXPECT_EQ(place.past_label, 1);
  EXPECT_EQ(Describe(place),
            "place_test_label at x.cc:2 (1 byte behind this label)");
}

// A neighbour's line would be a lie.
TEST(PlaceOf, AssemblyThatIsNotInTheSourceHasNoLine) {
  EXPECT_EQ(At(&place_test_label, 1).file, "");
}

TEST(PlaceOf, NothingIsKnownOfWhatIsNoProgram) {
  EXPECT_FALSE(PlaceOf("/no/such/program", 4096, "", "").known());
  EXPECT_FALSE(PlaceOf(Program(), -4096, "", "").known());
}

TEST(IsJudges, TellsTheDriverFromTheLearner) {
  Place place;
  place.file = "exercises/04_run_queue/judge/queue.h";
  EXPECT_TRUE(IsJudges(place));
  place.file = "exercises/04_run_queue/run_queue.cc";
  EXPECT_FALSE(IsJudges(place));
}

}  // namespace
}  // namespace mn::judge
