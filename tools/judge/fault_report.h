// What the case process says of itself when it crashes, or when the judge asks
// where it stands (kWhereSignal). The judge draws the conclusions (crash.h).
//
// Why it is hard: the report is made in a signal handler, in a process whose
// stack, stack pointer or code address may be garbage. So the facts that need
// no memory but the handler's own are sent first. All other memory is read by a
// system call that fails where a load would fault. The walk to the caller comes
// last, because it may crash.
//
// The lines, each after the word `fault`, numbers in hex unless they are a
// signal's:
//   signal SIG CODE ADDRESS ERROR   of a crash; ERROR is the processor's
//   at PC SP BASE END               where the program is loaded, and where its
//                                   code ends
//   regs …                          16, in the order of their encoding
//   code …                          bytes at PC
//   words BELOW AT                  the words below and at SP
//   call AT                         AT, the word at SP, is behind a call of the
//                                   program's
//   syscall 1                       the thread waits in the kernel
//   stack LO HI USED NAME           the known stack that SP is on, or next to;
//                                   USED: something was written to its top
//   stacks N                        how many stacks are known
//   phase TEXT                      Driver::Phase
//   in NAME                         the function at PC
//   from PC NAME                    PC is outside of the program: the first
//                                   caller in it, and whom it called
//   done
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mn::judge {

void InstallFaultReports();

void NoteStack(const void* lo, const void* hi, std::string_view name);
void NotePhase(std::string_view text);

// The same in every process of a program, wherever that one is loaded.
std::int64_t CodeOffset(std::uintptr_t pc);

// To the judge. Nobody may be there: the learner's code lives in this process
// and may have closed the pipe.
void WriteToJudge(std::string_view text);

}  // namespace mn::judge
