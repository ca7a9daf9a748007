#include "runtime/diag/sigpanic.h"

#include <signal.h>
#include <ucontext.h>

#include <cstring>

#include "runtime/core/fatal.h"
#include "runtime/core/getg.h"
#include "runtime/diag/signal_text.h"
#include "runtime/panic.h"

namespace mn {

using internal::FaultAt;
using internal::FaultKind;

#if defined(__x86_64__)

// The arguments are where the handler put them, in the argument registers.
extern "C" [[noreturn]] __attribute__((used)) void mn_throw_fault(
    std::uint32_t kind, std::uint64_t sig_and_code, std::uintptr_t addr,
    std::uintptr_t pc) {
  throw RuntimeError(
      internal::FaultText(static_cast<FaultKind>(kind)),
      {.signal = static_cast<int>(sig_and_code >> 32),
       .code = static_cast<int>(static_cast<std::uint32_t>(sig_and_code)),
       .addr = addr,
       .pc = pc});
}

// mn_fault: entered with the faulting instruction's address pushed below the
// red zone. mn_bad_call: entered as the callee. Both align the stack and throw.
asm(R"(
  .text
  .p2align 4
  .type mn_fault, @function
mn_fault:
  .cfi_startproc
  .cfi_signal_frame
  .cfi_def_cfa %rsp, 136
  .cfi_offset %rip, -136
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_offset %rbp, -144
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  andq $-16, %rsp
  call mn_throw_fault
mn_fault_calls:
  ud2
  .cfi_endproc
  .size mn_fault, . - mn_fault

  .p2align 4
  .type mn_bad_call, @function
mn_bad_call:
  .cfi_startproc
  pushq %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_offset %rbp, -16
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  andq $-16, %rsp
  call mn_throw_fault
mn_bad_call_calls:
  ud2
  .cfi_endproc
  .size mn_bad_call, . - mn_bad_call
)");
extern "C" void mn_fault();
extern "C" const char mn_fault_calls[];
extern "C" const char mn_bad_call_calls[];
extern "C" void mn_bad_call();

namespace {

constexpr std::uintptr_t kRedZone = 128;

// The operand of a one-operand division at pc, as an unsigned number; false if
// the bytes are not such an instruction.
class Division {
 public:
  explicit Division(const mcontext_t& machine)
      : regs_(machine.gregs),
        at_(reinterpret_cast<const std::uint8_t*>(regs_[REG_RIP])) {}

  bool Divisor(std::uint64_t* value) {
    int size = 4;
    for (; IsPrefix(*at_); at_++) {
      if (*at_ == 0x66) size = 2;
      if (*at_ == 0x64 || *at_ == 0x65) return false;  // relative to fs or gs
    }
    if ((*at_ & 0xf0) == 0x40) rex_ = *at_++;
    if ((rex_ & 8) != 0) size = 8;
    if (*at_ != 0xf6 && *at_ != 0xf7) return false;
    if (*at_++ == 0xf6) size = 1;
    const int modrm = *at_++;
    if ((modrm >> 3 & 7) < 6) return false;  // 6 is div, 7 is idiv
    if (modrm >> 6 == 3) {
      const bool high_byte = size == 1 && rex_ == 0 && (modrm & 7) >= 4;
      const std::uint64_t reg =
          Register(high_byte ? (modrm & 7) - 4 : (modrm & 7) | (rex_ & 1) << 3);
      *value = high_byte ? reg >> 8 & 0xff : Low(reg, size);
    } else {
      std::uint64_t word = 0;
      std::memcpy(&word, reinterpret_cast<const void*>(Address(modrm)),
                  static_cast<std::size_t>(size));
      *value = word;
    }
    return true;
  }

 private:
  static bool IsPrefix(std::uint8_t byte) {
    return std::memchr("\x66\xf2\xf3\x2e\x36\x3e\x26\x64\x65", byte, 9) !=
           nullptr;
  }
  static std::uint64_t Low(std::uint64_t value, int size) {
    return size == 8 ? value : value & ((std::uint64_t{1} << 8 * size) - 1);
  }
  std::uint64_t Register(int number) const {
    static constexpr int kIndex[] = {
        REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return static_cast<std::uint64_t>(regs_[kIndex[number]]);
  }
  template <class T>
  std::uint64_t Displacement() {
    T d;
    std::memcpy(&d, at_, sizeof d);
    at_ += sizeof d;
    return static_cast<std::uint64_t>(std::int64_t{d});
  }
  std::uint64_t Address(int modrm) {
    const int mod = modrm >> 6;
    const int rm = modrm & 7;
    std::uint64_t address = 0;
    if (rm == 4) {
      const int sib = *at_++;
      const int index = (sib >> 3 & 7) | (rex_ & 2) << 2;
      if (index != 4) address += Register(index) << (sib >> 6);
      if ((sib & 7) == 5 && mod == 0) {
        return address + Displacement<std::int32_t>();
      }
      address += Register((sib & 7) | (rex_ & 1) << 3);
    } else if (rm == 5 && mod == 0) {
      const std::uint64_t d = Displacement<std::int32_t>();
      return reinterpret_cast<std::uint64_t>(at_) + d;  // relative to the next
    } else {
      address += Register(rm | (rex_ & 1) << 3);
    }
    if (mod == 1) address += Displacement<std::int8_t>();
    if (mod == 2) address += Displacement<std::int32_t>();
    return address;
  }

  const greg_t* regs_;
  const std::uint8_t* at_;
  int rex_ = 0;
};

}  // namespace

bool internal::IsTrampoline(std::uintptr_t pc) {
  return pc == reinterpret_cast<std::uintptr_t>(mn_fault_calls) ||
         pc == reinterpret_cast<std::uintptr_t>(mn_bad_call_calls);
}

// x86 has one complaint for both: the divisor is zero, or the quotient too
// large.
FaultKind internal::ArithmeticFault(int code, const void* context) {
  if (code != FPE_INTDIV && code != FPE_INTOVF) return FaultKind::kFloat;
  Division division(static_cast<const ucontext_t*>(context)->uc_mcontext);
  std::uint64_t divisor = 0;
  const bool known = division.Divisor(&divisor);
  return known && divisor != 0 ? FaultKind::kOverflow : FaultKind::kDivide;
}

__attribute__((no_sanitize("address"))) bool internal::ThrowOnReturn(
    const G* gp, void* context, const FaultAt& fault) {
  auto& regs = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  auto sp = static_cast<std::uintptr_t>(regs[REG_RSP]);
  if (sp < gp->stack_lo + kRedZone + 64 || sp >= gp->stack_hi) return false;
  if (fault.called) {
    regs[REG_RIP] = reinterpret_cast<greg_t>(&mn_bad_call);
  } else {
    sp -= kRedZone + sizeof fault.pc;
    *reinterpret_cast<std::uintptr_t*>(sp) = fault.pc;
    regs[REG_RIP] = reinterpret_cast<greg_t>(&mn_fault);
  }
  regs[REG_RSP] = static_cast<greg_t>(sp);
  regs[REG_RDI] = static_cast<greg_t>(fault.kind);
  regs[REG_RSI] =
      static_cast<greg_t>(static_cast<std::uint64_t>(fault.sig) << 32 |
                          static_cast<std::uint32_t>(fault.code));
  regs[REG_RDX] = static_cast<greg_t>(fault.addr);
  regs[REG_RCX] = static_cast<greg_t>(fault.pc);
  regs[REG_EFL] &= ~greg_t{0x400};  // the direction flag, as a callee expects
  return true;
}

#else

FaultKind internal::ArithmeticFault(int code, const void*) {
  if (code == FPE_INTDIV) return FaultKind::kDivide;
  return code == FPE_INTOVF ? FaultKind::kOverflow : FaultKind::kFloat;
}

bool internal::ThrowOnReturn(const G*, void*, const FaultAt&) { return false; }

bool internal::IsTrampoline(std::uintptr_t) { return false; }

#endif

const char* internal::FaultText(FaultKind kind) {
  switch (kind) {
    case FaultKind::kMemory:
      return "runtime error: invalid memory address or nil pointer dereference";
    case FaultKind::kDivide:
      return "runtime error: integer divide by zero";
    case FaultKind::kOverflow:
      return "runtime error: integer overflow";
    case FaultKind::kFloat:
      return "runtime error: floating point error";
  }
  return "runtime error";
}

__attribute__((noinline)) void internal::CallOpaquely(void (*run)(void*),
                                                      void* arg) {
  asm volatile("" : "+r"(run));
  run(arg);
  asm volatile("");  // not a tail call
}

bool SetPanicOnFault(bool enabled) {
  M* m = getm();
  if (m == nullptr || m->curg == &m->g0) {
    Throw(
        "mn::SetPanicOnFault was called outside a goroutine; call it from "
        "inside mn::Main or a function started with mn::Go",
        "not on a goroutine");
  }
  const bool before = m->curg->panic_on_fault;
  m->curg->panic_on_fault = enabled;
  return before;
}

}  // namespace mn
