#include "tools/judge/explain.h"

#include <signal.h>
#include <string.h>

#include <cstdio>
#include <sstream>

#include "tools/judge/source.h"

namespace mn::judge {
namespace {

// Of what the code printed: enough to see what it says, and little enough to
// see the verdict as well.
constexpr int kPrintedLines = 15;

// An SSE instruction that needs its operand aligned to 16: movaps, movapd,
// movntps (0f 28/29/2b) and movdqa (66 0f 6f/7f).
bool IsAlignedMove(const std::uint8_t* b) {
  if (b[0] >= 0x40 && b[0] <= 0x4f) b++;  // REX prefix
  const bool operand_size = b[0] == 0x66;
  if (operand_size) b++;
  if (b[0] >= 0x40 && b[0] <= 0x4f) b++;
  if (b[0] != 0x0f) return false;
  if (b[1] == 0x28 || b[1] == 0x29 || b[1] == 0x2b) return true;
  return operand_size && (b[1] == 0x6f || b[1] == 0x7f);
}

std::string SignalName(int sig) {
  const char* abbreviation = sigabbrev_np(sig);
  return abbreviation ? std::string("SIG") + abbreviation
                      : "signal " + std::to_string(sig);
}

std::string Hex(std::uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof(text), "0x%llx",
                static_cast<unsigned long long>(value));
  return text;
}

// Cuts what only fills the screen.
std::string Short(const std::string& text, std::size_t limit) {
  if (text.size() <= limit) return text;
  return text.substr(0, limit) + " …";
}

}  // namespace

std::string ExplainCrash(const Outcome& outcome) {
  const Fault& f = outcome.fault;
  std::string text = SignalName(outcome.signal);
  if (outcome.signal == SIGXCPU || outcome.signal == SIGKILL) {
    return text + " (the limit of CPU time, or killed from outside)";
  }
  if (f.sig == 0) return text + " (" + strsignal(outcome.signal) + ")";
  if (f.function != "?") text += " in " + f.function;
  if (f.sig == SIGABRT) return text + " (abort: a failed check, or terminate)";
  if (f.sig != SIGSEGV && f.sig != SIGBUS) {
    return text + " (" + strsignal(f.sig) + ")";
  }
  if (IsAlignedMove(f.bytes) && f.code == SI_KERNEL) {
    return text +
           ": movaps on an address that is not a multiple of 16. rsp is " +
           std::to_string(f.sp % 16) +
           " mod 16 there: was the stack aligned as the ABI wants it at the "
           "entry of the function?";
  }
  const std::uint64_t below =
      f.sp > f.address ? f.sp - f.address : f.address - f.sp;
  if (f.address != 0 && below < 64 * 1024) {
    return text + ": at " + Hex(f.address) +
           ", next to the stack pointer: the stack overflowed (recursion "
           "without end?)";
  }
  if (f.address < 4096) {
    return text + ": read or wrote through a null pointer (address " +
           Hex(f.address) + ")";
  }
  if (f.pc == f.address) {
    return text + ": jumped to " + Hex(f.pc) + ", which is not code";
  }
  return text + ": read or wrote " + Hex(f.address) + ", which is not mapped";
}

std::string FileToEdit(const tools::Lesson& lesson) {
  return "exercises/" + lesson.id + "/" + lesson.keep.front().path;
}

std::string SeedText(const CaseResult& result) {
  return result.replay.empty() ? Hex(result.seed) : result.replay;
}

std::string ReplayCommand(const tools::Lesson& lesson,
                          const CaseResult& result) {
  return "bazel test //exercises/" + lesson.id +
         " --test_arg=--case=" + result.entry->name +
         " --test_arg=--seed=" + SeedText(result);
}

std::string CaseCommand(const Judge& judge, const std::string& case_name) {
  const tools::Lesson& lesson = judge.lesson();
  const std::string& wb = judge.options().wb;
  return wb.empty()
             ? "bazel test //exercises/" + lesson.id +
                   " --test_arg=--case=" + case_name
             : wb + " test " + lesson.id.substr(0, 2) + " --case " + case_name;
}

std::string ExplainNotImplemented(const Judge& judge) {
  const tools::Lesson& lesson = judge.lesson();
  const tools::Invariant& inv = NotImplemented(lesson);
  const std::string& wb = judge.options().wb;
  std::ostringstream out;
  out << inv.id << "  not implemented: " << FileToEdit(lesson)
      << (judge.untouched() ? " is the starter, unchanged.\n"
                            : " does not do anything yet.\n")
      << "      This red is the start, not a broken setup.\n\n"
      << "  read  lessons/" << lesson.id << "/README.md\n"
      << "  edit  " << FileToEdit(lesson) << "\n"
      << "  run   "
      << (wb.empty() ? "bazel test //exercises/" + lesson.id
                     : wb + " test " + lesson.id.substr(0, 2))
      << "\n";
  return out.str();
}

std::string ExplainCase(const Judge& judge, const CaseResult& result) {
  const tools::Lesson& lesson = judge.lesson();
  std::ostringstream out;
  const tools::Invariant* inv = lesson.FindInvariant(result.inv);
  const char* what = result.status == Status::kTimeout   ? "did not end"
                     : result.status == Status::kCrashed ? "crashed"
                     : result.status == Status::kSuspicious
                         ? "is suspicious: a person has to look"
                     : result.status == Status::kInfraError
                         ? "could not be judged (not your fault)"
                         : "is broken";
  if (result.status == Status::kFailed ||
      result.status == Status::kNotImplemented) {
    out << "INVARIANT " << result.inv << " " << what << " ("
        << result.entry->name << ")\n";
  } else {
    out << result.entry->name << " " << what << " (it checks " << result.inv
        << ")\n";
  }
  if (inv != nullptr) {
    out << "  " << result.inv << "      " << inv->sentence << "\n";
  }
  if (!result.message.empty()) out << "  what      " << result.message << "\n";
  if (!result.want.empty()) {
    out << "  want      " << Short(result.want, 400) << "\n";
  }
  if (!result.got.empty()) {
    out << "  got       " << Short(result.got, 400) << "\n";
  }
  if (!result.tail.empty()) {
    out << "  last observations\n";
    for (const std::string& line : result.tail) {
      out << "            " << Short(line, 120) << "\n";
    }
  }
  if (!result.timeline.empty()) {
    out << "  timeline  a column is a thread, time goes down, '>' cuts in\n";
    for (const std::string& line : result.timeline) {
      out << "    " << line << "\n";
    }
  }
  if (!result.printed.empty()) {
    out << "  your code printed\n";
    std::istringstream lines(result.printed);
    int n = 0;
    for (std::string line; std::getline(lines, line); n++) {
      if (n < kPrintedLines) out << "            " << line << "\n";
    }
    if (n > kPrintedLines) {
      out << "            … (" << n - kPrintedLines << " more lines)\n";
    }
  }
  if (result.status == Status::kInfraError) return out.str();
  out << "  seed      " << SeedText(result) << "\n"
      << "  replay    "
      << (judge.options().wb.empty()
              ? ReplayCommand(lesson, result)
              : judge.options().wb + " replay " + lesson.id.substr(0, 2) + " " +
                    SeedText(result) + ":" + result.entry->name)
      << "\n";
  if (inv != nullptr) {
    out << "  read      lessons/" << lesson.id << "/README.md#" << inv->anchor
        << "\n";
  }
  return out.str();
}

}  // namespace mn::judge
