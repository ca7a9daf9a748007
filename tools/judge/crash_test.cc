// What is said about a crash or a time-out, from facts as the processor gives
// them. The facts of a real one: hostile/.

#include "tools/judge/crash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

namespace mn::judge {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::uint64_t kSp = 0x7ffc00000000;

Fault At(std::vector<std::uint8_t> bytes) {
  Fault f;
  f.told = true;
  f.sig = SIGSEGV;
  f.code = SEGV_MAPERR;
  f.pc = 0x401000;
  f.sp = kSp;
  f.regs = std::vector<std::uint64_t>(16);
  f.regs[4] = kSp;
  f.bytes = std::move(bytes);
  f.words = {0, 0};
  f.place = {.function = "mn::F", .file = "exercises/x/x.cc", .line = 7};
  return f;
}

std::string Explained(Fault fault) {
  Outcome outcome;
  outcome.end = Outcome::End::kSignaled;
  outcome.signal = fault.sig;
  outcome.fault = std::move(fault);
  return ExplainCrash(outcome);
}

const std::vector<std::uint8_t> kLoad = {0x48, 0x8b, 0x00};  // (%rax), %rax

#if defined(__x86_64__)

TEST(ExplainCrash, RecognisesAMisalignedStack) {
  Fault f = At({0x0f, 0x29, 0x44, 0x24, 0x10});  // movaps %xmm0, 16(%rsp)
  f.code = SI_KERNEL;
  f.sp = f.regs[4] = kSp + 8;
  EXPECT_THAT(Explained(f), HasSubstr("SIGSEGV in mn::F at exercises/x/x.cc:7: "
                                      "movaps"));
  EXPECT_THAT(Explained(f), HasSubstr("rsp is 8 mod 16"));
}

TEST(ExplainCrash, AnAlignedMoveToNowhereIsNotCalledMisaligned) {
  Fault f = At({0x0f, 0x29, 0x00});  // movaps %xmm0, (%rax)
  f.code = SI_KERNEL;
  f.regs[0] = 0xabab000000000000;
  EXPECT_THAT(Explained(f), HasSubstr("0xabab000000000000"));
  EXPECT_THAT(Explained(f), Not(HasSubstr("multiple of 16")));
}

TEST(ExplainCrash, NamesAnAddressThatIsNotCanonical) {
  Fault f = At({0x48, 0x89, 0x34, 0xc7});  // mov %rsi, (%rdi,%rax,8)
  f.code = SI_KERNEL;
  f.regs[7] = kSp;
  f.regs[0] = 0x100000000;
  EXPECT_THAT(Explained(f), HasSubstr("0x8004"));
  EXPECT_THAT(Explained(f), HasSubstr("not a canonical address"));
  EXPECT_THAT(Explained(f), Not(HasSubstr("null")));
}

TEST(ExplainCrash, NamesTheElementOfAnArrayThatHasFewer) {
  Fault f = At({0x48, 0x89, 0x34, 0xc7});  // mov %rsi, (%rdi,%rax,8)
  f.regs[7] = kSp - 0x100000000;
  f.regs[0] = 300'000'000;
  f.address = f.regs[7] + 8 * f.regs[0];
  EXPECT_THAT(Explained(f), HasSubstr("not mapped; that is element 300000000 "
                                      "of an array"));
  f.regs[0] = 3;
  EXPECT_THAT(Explained(f), Not(HasSubstr("element")));
}

TEST(ExplainCrash, NamesWhatARetTook) {
  Fault f = At({0xc3});
  f.code = SI_KERNEL;
  f.words = {0, 0x1234567890abcdef};
  EXPECT_THAT(Explained(f), HasSubstr("`ret` to 0x1234567890abcdef, which is "
                                      "not a canonical address"));
}

TEST(ExplainCrash, ARetThatFindsTheJudgesFillingFindsNothingWritten) {
  Fault f = At({0xc3});
  f.code = SI_KERNEL;
  f.words = {0, kStackFillWord};
  EXPECT_THAT(Explained(f), HasSubstr("nothing was written there"));
  f.words = {0, 0x1234567890abcdef};
  EXPECT_THAT(Explained(f), Not(HasSubstr("nothing was written there")));
}

TEST(ExplainCrash, AStackPointerMayBeWhatIsNotCanonical) {
  Fault f = At({0x5b});  // pop %rbx
  f.sig = SIGBUS;
  f.code = SI_KERNEL;
  f.sp = 0x1234567890abcdef;
  EXPECT_THAT(Explained(f), HasSubstr("rsp is 0x1234567890abcdef, which is not "
                                      "a canonical address"));
}

TEST(ExplainCrash, AControlWordThatIsNone) {
  Fault f = At({0x0f, 0xae, 0x14, 0x24});  // ldmxcsr (%rsp)
  f.code = SI_KERNEL;
  EXPECT_THAT(Explained(f), HasSubstr("found bits at 0x7ffc00000000 that no "
                                      "control word has"));
  EXPECT_THAT(Explained(f), Not(HasSubstr("rsp")));
  f.stacks = 4;
  EXPECT_THAT(Explained(f), HasSubstr("rsp is 0x7ffc00000000, which is on no"));
}

TEST(ExplainCrash, WithoutTheAddressItDoesNotInventOne) {
  Fault f = At({0xf4});  // hlt
  f.code = SI_KERNEL;
  EXPECT_THAT(Explained(f), HasSubstr("only the kernel may"));
}

TEST(EffectiveAddress, ReadsTheUsualEncodings) {
  struct {
    std::vector<std::uint8_t> bytes;
    std::uint64_t want;
  } const encodings[] = {
      {{0x48, 0x8b, 0x00}, 0x100},                  // (%rax)
      {{0x49, 0x8b, 0x40, 0xf8}, 0x900 - 8},        // -8(%r8)
      {{0x48, 0x89, 0x84, 0xca, 0x00, 0x01, 0, 0},  // 256(%rdx,%rcx,8)
       0x300 + 8 * 0x200 + 256},
      {{0xf0, 0x4a, 0x0f, 0xb1, 0x14, 0x0f}, 0x800 + 0xa00},  // (%rdi,%r9)
      {{0x66, 0x0f, 0x7f, 0x04, 0x24}, 0x500},                // (%rsp)
      {{0xff, 0xd0}, 0x100},                                  // call *%rax
      {{0x41, 0xff, 0xe1}, 0xa00},                            // jmp *%r9
  };
  for (const auto& e : encodings) {
    Fault f = At(e.bytes);
    for (std::size_t i = 0; i < 16; i++) f.regs[i] = (i + 1) << 8;
    std::uint64_t address = 0;
    EXPECT_TRUE(EffectiveAddress(f, &address));
    EXPECT_EQ(address, e.want) << testing::PrintToString(e.bytes);
  }
}

TEST(EffectiveAddress, SaysWhenItCannotTell) {
  std::uint64_t address = 0;
  for (const std::vector<std::uint8_t>& bytes :
       std::vector<std::vector<std::uint8_t>>{
           {}, {0xc3}, {0x48}, {0x48, 0x8b}, {0x48, 0x8b, 0x84}, {0x50}}) {
    EXPECT_FALSE(EffectiveAddress(At(bytes), &address));
  }
}

TEST(ExplainCrash, SaysWhetherItReadOrWrote) {
  Fault f = At(kLoad);
  f.address = 0x5000;
  EXPECT_THAT(Explained(f), HasSubstr("read 0x5000, which is not mapped"));
  f.error = 6;
  EXPECT_THAT(Explained(f), HasSubstr("wrote 0x5000"));
}

#endif

TEST(ExplainCrash, AJumpToZeroIsNoRead) {
  Fault f = At({});
  f.pc = f.address = 0;
  f.place = {};
  f.words = {0, 5};
  EXPECT_THAT(Explained(f), HasSubstr("jumped to address 0"));
  EXPECT_THAT(Explained(f), HasSubstr("a `ret` took it from the stack"));
  f.words = {7, 0x401010};
  f.by = {.function = "mn::G", .file = "exercises/x/x.cc", .line = 9};
  EXPECT_THAT(Explained(f), HasSubstr("called in mn::G at exercises/x/x.cc:9"));
}

TEST(ExplainCrash, RecognisesANullPointer) {
  Fault f = At(kLoad);
  f.address = 16;
  EXPECT_THAT(Explained(f), HasSubstr("through a null pointer (address 0x10)"));
  EXPECT_THAT(Explained(f), Not(HasSubstr("driver")));
}

TEST(ExplainCrash, TheDriversNullPointerIsNotTheLearners) {
  Fault f = At(kLoad);
  f.place = {.function = "mn::IdOf",
             .file = "exercises/04_run_queue/judge/queue.h",
             .line = 43};
  EXPECT_THAT(Explained(f),
              HasSubstr("the judge's driver: it used a pointer that your code "
                        "returned or passed to it"));
}

TEST(ExplainCrash, RecognisesAStackOverflow) {
  Fault f = At({0x50});  // push %rax
  f.address = kSp - 8;
  EXPECT_THAT(Explained(f), HasSubstr("the stack overflowed"));
  f.stacks = 1;
  f.stack = {kSp, kSp + 0x20000, /*used=*/true, "context 1"};
  EXPECT_THAT(Explained(f), HasSubstr("the stack overflowed"));
}

TEST(ExplainCrash, AStackThatBeganAtItsWrongEndIsNoRecursion) {
  Fault f = At({0x50});
  f.address = kSp - 8;
  f.stacks = 1;
  f.stack = {kSp, kSp + 0x20000, /*used=*/false, "context 1"};
  EXPECT_THAT(Explained(f), HasSubstr("Stacks grow down"));
  EXPECT_THAT(Explained(f), HasSubstr("stack_lo"));
  EXPECT_THAT(Explained(f), Not(HasSubstr("recursion")));
}

TEST(ExplainCrash, AStackPointerThatIsNoneIsNotCalledANullPointer) {
  Fault f = At({0xc3});
  f.sp = f.address = 0;
  f.stacks = 4;
  EXPECT_THAT(Explained(f), HasSubstr("rsp is 0x0, which is on no stack"));
  f.address = UINT64_MAX - 7;  // a push
  EXPECT_THAT(Explained(f), HasSubstr("rsp is 0x0, which is on no stack"));
}

TEST(ExplainCrash, SaysWhatHadHappened) {
  Fault f = At(kLoad);
  f.phase = "the entry function of context 3 returned";
  EXPECT_THAT(Explained(f), StartsWith("the entry function of context 3 "
                                       "returned. After that: SIGSEGV in"));
}

TEST(ExplainCrash, KeepsUnderscores) {
  Fault f = At(kLoad);
  f.place = {
      .function = "ctx_swap", .file = "x.cc", .line = 3, .past_label = 8};
  EXPECT_THAT(Explained(f),
              HasSubstr("in ctx_swap at x.cc:3 (8 bytes behind this label)"));
}

TEST(ExplainCrash, NamesTheCallerOfALibrarysFunction) {
  Fault f = At(kLoad);
  f.caller = 0x402000;
  f.callee = "memcpy";
  EXPECT_THAT(Explained(f), HasSubstr("in memcpy, called by mn::F at"));
}

TEST(ExplainCrash, NamesASignalThatNobodySaw) {
  Outcome outcome;
  outcome.signal = SIGSEGV;
  EXPECT_EQ(ExplainCrash(outcome), "SIGSEGV (Segmentation fault)");
}

TEST(ExplainTimeout, ASleepIsNotComputing) {
  Outcome outcome;
  outcome.fault = At({});
  outcome.fault.in_syscall = true;
  outcome.fault.caller = 0x402000;
  outcome.fault.callee = "clock_nanosleep";
  EXPECT_THAT(ExplainTimeout(outcome),
              HasSubstr("was waiting in clock_nanosleep, called by mn::F at "
                        "exercises/x/x.cc:7"));
  outcome.fault.in_syscall = false;
  EXPECT_THAT(ExplainTimeout(outcome), HasSubstr("was still computing"));
}

TEST(ExplainTimeout, WithoutAnAnswerOnlyTheKindIsSaid) {
  Outcome outcome;
  outcome.asleep = true;
  EXPECT_THAT(ExplainTimeout(outcome), HasSubstr("waiting for something"));
}

}  // namespace
}  // namespace mn::judge
