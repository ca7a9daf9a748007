#include "tools/judge/crash.h"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <cstdio>

#include "tools/common/text.h"

namespace mn::judge {
namespace {

using tools::Cat;

#if defined(__x86_64__)
constexpr bool kX86 = true;
#else
constexpr bool kX86 = false;
#endif
constexpr int kRsp = 4, kRbp = 5;  // as instructions encode them

std::string SignalName(int sig) {
  const char* abbreviation = sigabbrev_np(sig);
  return abbreviation ? Cat("SIG", abbreviation) : Cat("signal ", sig);
}

std::string Hex(std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof(text), "0x%llx",
                static_cast<unsigned long long>(value));
  return text;
}

// x86-64 with 48 bits, or 57: what is not canonical with 57 is with neither.
bool IsCanonical(std::uint64_t address) {
  const std::int64_t top = static_cast<std::int64_t>(address) >> 47;
  return top == 0 || top == -1;
}
constexpr char kNotCanonical[] =
    "is not a canonical address: no pointer looks "
    "like this (its upper 17 bits must be equal)";

// An instruction of x86-64, up to its ModRM byte.
struct Instruction {
  bool operand_size = false;  // prefix 66
  std::uint8_t rex = 0;
  bool two_bytes = false;  // 0f
  std::uint8_t opcode = 0;
  std::size_t modrm = 0;  // its index; == bytes.size(): there is none
};

Instruction Decode(const std::vector<std::uint8_t>& b) {
  Instruction in;
  std::size_t i = 0;
  const auto at = [&](std::size_t n) { return n < b.size() ? b[n] : 0; };
  for (; at(i) == 0x66 || at(i) == 0xf0 || at(i) == 0xf2 || at(i) == 0xf3;
       i++) {
    in.operand_size = in.operand_size || at(i) == 0x66;
  }
  if ((at(i) & 0xf0) == 0x40) in.rex = at(i++);
  in.two_bytes = at(i) == 0x0f;
  if (in.two_bytes) i++;
  in.opcode = at(i++);
  in.modrm = std::min(i, b.size());
  return in;
}

// An SSE instruction that needs its operand aligned to 16: movaps, movapd,
// movntps (0f 28/29/2b) and movdqa (66 0f 6f/7f).
bool IsAlignedMove(const Instruction& in) {
  if (!in.two_bytes) return false;
  if (in.opcode == 0x28 || in.opcode == 0x29 || in.opcode == 0x2b) return true;
  return in.operand_size && (in.opcode == 0x6f || in.opcode == 0x7f);
}

bool IsReturn(const Instruction& in) {
  return !in.two_bytes && (in.opcode == 0xc3 || in.opcode == 0xc2);
}

bool IsUd2(const Instruction& in) { return in.two_bytes && in.opcode == 0x0b; }

// One-byte opcodes with a ModRM byte.
bool HasModRm(const Instruction& in) {
  const std::uint8_t op = in.opcode;
  if (in.two_bytes) {
    return !(op >= 0x80 && op <= 0x8f) && op != 0x05 && op != 0x0b &&
           !(op >= 0xc8 && op <= 0xcf);
  }
  return (op < 0x40 && (op & 7) < 4) || op == 0x63 || op == 0x69 ||
         op == 0x6b || (op >= 0x80 && op <= 0x8f) || op == 0xc0 || op == 0xc1 ||
         op == 0xc6 || op == 0xc7 || (op >= 0xd0 && op <= 0xd3) || op == 0xd9 ||
         op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff;
}

// The driver has named stacks besides the thread's own, and sp is on none.
bool IsOnNoStack(const Fault& f) {
  return f.stacks > 1 && f.stack.name.empty();
}

// The fault was the fetch of the instruction itself.
bool IsJump(const Fault& f) { return f.sig != 0 && f.pc == f.address; }

std::uint64_t Distance(std::uint64_t a, std::uint64_t b) {
  return std::min(a - b, b - a);  // address space is a circle
}

// " in mn::RunqGet at exercises/…:41", or what is known of it.
std::string Where(const Fault& f) {
  const bool called = f.caller != 0 && f.place.known();
  if (called) {
    const std::string who =
        f.callee.empty() || f.callee == "?" ? "a library's function" : f.callee;
    return Cat(" in ", who, ", called by ", Describe(f.place));
  }
  if (f.place.known()) return Cat(" in ", Describe(f.place));
  return f.function.empty() || f.function == "?" ? "" : Cat(" in ", f.function);
}

// What came before is the cause, the signal is its consequence.
std::string After(const Fault& f, const std::string& text) {
  return f.phase.empty() ? text : Cat(f.phase, ". After that: ", text);
}

// Where what the learner's code gave to the driver comes to light.
std::string Whose(const Fault& f) {
  if (!IsJudges(f.place)) return "";
  return ". That line is the judge's driver: it used a pointer that your code "
         "returned or passed to it, or your code wrote over its memory";
}

std::string Verb(const Fault& f) {
  if (!kX86) return "read or wrote";
  return (f.error & 2) != 0 ? "wrote" : "read";
}

std::string JumpedTo(const Fault& f) {
  std::string text =
      f.pc == 0 ? "jumped to address 0: a null function pointer, or a return "
                  "address that was never written"
                : Cat("jumped to ", Hex(f.pc), ", which is not code");
  if (f.by.known()) {
    text += Cat(" (called in ", Describe(f.by), ")");
  } else if (!f.words.empty() && f.words[0] == f.pc) {
    text += Cat(" (a `ret` took it from the stack, at ", Hex(f.sp - 8), ")");
  }
  if (f.stacks > 1 && !f.stack.name.empty())
    text += Cat(", on the stack of ", f.stack.name);
  return text;
}

// "" if the fault has nothing to do with the end of a stack.
std::string StackFault(const Fault& f) {
  if (f.address == 0 && f.sp > 64) return "";
  constexpr std::uint64_t kNear = 64 * 1024;
  if (IsOnNoStack(f) && Distance(f.address, f.sp) <= 64) {
    return Cat("rsp is ", Hex(f.sp),
               ", which is on no stack: it was never saved, or something else "
               "was taken for it");
  }
  if (f.stack.name.empty()) {
    if (Distance(f.address, f.sp) >= kNear) return "";
    return Cat("at ", Hex(f.address),
               ", next to the stack pointer: the stack overflowed (recursion "
               "without end?)");
  }
  const Fault::Stack& s = f.stack;
  if (f.address >= s.lo || s.lo - f.address > kNear) return "";
  const std::string next = Cat("at ", Hex(f.address), ", below the stack of ",
                               s.name, " (stack_lo is ", Hex(s.lo), ")");
  if (s.used) {
    return next + ": the stack overflowed (recursion without end?)";
  }
  return next +
         ", and nothing was ever written at its top: rsp began next to "
         "stack_lo. Stacks grow down: the first word is the one below stack_hi";
}

// "; that is element 1500000000 of an array", if the number is what is wrong.
std::string Element(const Fault& f) {
  constexpr std::int64_t kFar = 4096;
  std::uint64_t address = 0;
  std::int64_t element = -1;
  if (!EffectiveAddress(f, &address, &element) || element < kFar) return "";
  return Cat("; that is element ", element, " of an array");
}

// A general-protection fault, which comes without an address.
std::string ProtectionFault(const Fault& f) {
  if (!IsCanonical(f.sp)) {
    return Cat("rsp is ", Hex(f.sp), ", which ", kNotCanonical);
  }
  const Instruction in = Decode(f.bytes);
  std::uint64_t address = 0;
  const bool has_address = EffectiveAddress(f, &address);
  if (IsAlignedMove(in) && !(has_address && address % 16 == 0)) {
    return Cat(
        "movaps on an address that is not a multiple of 16. rsp is ", f.sp % 16,
        " mod 16 there: was the stack aligned as the ABI wants it at the "
        "entry of the function?");
  }
  if (IsReturn(in) && f.words.size() == 2 && !IsCanonical(f.words[1])) {
    return Cat("`ret` to ", Hex(f.words[1]), ", which ", kNotCanonical,
               ". It is what was on top of the stack, where `ret` finds the "
               "return address",
               f.words[1] == kStackFillWord
                   ? ". The judge fills a stack with a5, so nothing was "
                     "written there"
                   : "");
  }
  if (has_address && !IsCanonical(address)) {
    return Cat("used the address ", Hex(address), ", which ", kNotCanonical,
               ": an index far outside of its array, or bytes that were never "
               "a pointer",
               Element(f), Whose(f));
  }
  if (in.two_bytes && in.opcode == 0xae && has_address) {
    return Cat(
        "an instruction that loads control words (ldmxcsr or the like) "
        "found bits at ",
        Hex(address), " that no control word has: something else lies there");
  }
  return Cat("used an address that ", kNotCanonical,
             "; or an operand that this instruction does not take; or executed "
             "an instruction that only the kernel may",
             Whose(f));
}

std::string ExplainAccess(const Fault& f) {
  if (kX86 && f.code == SI_KERNEL) return ProtectionFault(f);
  if (IsJump(f)) return JumpedTo(f);
  if (const std::string text = StackFault(f); !text.empty()) return text;
  if (f.address < 4096) {
    return Cat(Verb(f), " through a null pointer (address ", Hex(f.address),
               ")", Whose(f));
  }
  if (f.code == SEGV_ACCERR) {
    return Cat(Verb(f), " ", Hex(f.address), ", where that is not allowed",
               Whose(f));
  }
  return Cat(Verb(f), " ", Hex(f.address), ", which is not mapped", Element(f),
             Whose(f));
}

}  // namespace

bool EffectiveAddress(const Fault& f, std::uint64_t* address,
                      std::int64_t* element) {
  if (element != nullptr) *element = -1;
  const Instruction in = Decode(f.bytes);
  if (f.regs.size() != 16 || !HasModRm(in) || in.modrm >= f.bytes.size()) {
    return false;
  }
  std::size_t i = in.modrm;
  const std::uint8_t modrm = f.bytes[i++];
  const int mod = modrm >> 6;
  std::size_t rm = modrm & 7;
  if (mod == 3) {
    // Nothing is read: but a call or a jump takes the register for an address.
    const int what = modrm >> 3 & 7;
    if (in.two_bytes || in.opcode != 0xff || (what != 2 && what != 4)) {
      return false;
    }
    *address = f.regs[rm | (in.rex & 1) << 3];
    return true;
  }
  std::uint64_t sum = 0;
  bool only_offset = mod == 0 && rm == kRbp;
  if (only_offset) return false;  // relative to rip: never far
  if (rm == kRsp) {
    if (i >= f.bytes.size()) return false;
    const std::uint8_t sib = f.bytes[i++];
    const std::size_t index = (sib >> 3 & 7) | (in.rex & 2) << 2;
    if (index != kRsp) sum += f.regs[index] << (sib >> 6);
    // A scale makes it an index and no pointer.
    if (element != nullptr && index != kRsp && sib >> 6 != 0) {
      *element = static_cast<std::int64_t>(f.regs[index]);
    }
    rm = sib & 7;
    only_offset = mod == 0 && rm == kRbp;
  }
  if (!only_offset) sum += f.regs[rm | (in.rex & 1) << 3];
  const std::size_t size = only_offset || mod == 2 ? 4 : mod == 1 ? 1 : 0;
  if (i + size > f.bytes.size()) return false;
  if (size == 1)
    sum += static_cast<std::uint64_t>(static_cast<std::int8_t>(f.bytes[i]));
  if (size == 4) {
    std::int32_t offset = 0;
    memcpy(&offset, &f.bytes[i], 4);
    sum += static_cast<std::uint64_t>(std::int64_t{offset});
  }
  *address = sum;
  return true;
}

void FindPlaces(const std::string& program, const std::string& source,
                const std::string& path, Fault* f) {
  if (!f->told) return;
  const auto find = [&](std::uint64_t pc) {
    if (pc < f->base || pc >= f->end) return Place();
    return PlaceOf(program, static_cast<std::int64_t>(pc - f->base), source,
                   path);
  };
  // A return address is behind the call.
  if (f->caller != 0) {
    f->place = find(f->caller - 1);
  } else if (!IsJump(*f)) {
    f->place = find(f->pc);
  }
  if (IsJump(*f) && f->call != 0) f->by = find(f->call - 1);
}

std::string ExplainCrash(const Outcome& outcome) {
  const Fault& f = outcome.fault;
  std::string text = SignalName(outcome.signal);
  if (outcome.signal == SIGXCPU || outcome.signal == SIGKILL) {
    return text + " (the limit of CPU time, or killed from outside)";
  }
  if (f.sig == 0) return Cat(text, " (", strsignal(outcome.signal), ")");
  const bool access = f.sig == SIGSEGV || f.sig == SIGBUS;
  text += Where(f);
  if (f.sig == SIGABRT) {
    text += " (abort: a failed check, or terminate)";
  } else if (f.sig == SIGILL && IsUd2(Decode(f.bytes))) {
    text +=
        ": came to a ud2, an instruction that stands where nothing may "
        "ever come";
  } else if (access) {
    const std::string what = ExplainAccess(f);
    text += ": " + what;
    if (IsOnNoStack(f) && what.find("rsp is") == std::string::npos) {
      text += Cat(". rsp is ", Hex(f.sp), ", which is on no stack");
    }
  } else {
    text += Cat(" (", strsignal(f.sig), ")");
  }
  return After(f, text);
}

std::string ExplainTimeout(const Outcome& outcome) {
  const Fault& f = outcome.fault;
  std::string text = "stopped at the deadline: the code was ";
  if (f.told ? f.in_syscall : outcome.asleep) {
    text += f.told ? Cat("waiting", Where(f)) : "waiting for something";
  } else {
    text += Cat("still computing", Where(f), " (a loop that does not end?)");
  }
  return After(f, text);
}

}  // namespace mn::judge
