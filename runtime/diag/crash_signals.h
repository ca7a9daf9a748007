// The signals that mean the end, or a panic: SIGSEGV, SIGBUS and SIGFPE of the
// program's own doing, and SIGQUIT, SIGABRT, SIGILL, SIGTRAP, SIGSTKFLT,
// SIGSYS.
//
// Why it is hard: the same SIGSEGV is a null pointer in a goroutine (a panic
// that may be caught), a stack overflow, a bug in the runtime or in a C library
// (no way on: what may it hold?), another thread's business, or a kill(2); and
// the handler may have interrupted malloc, so nothing here allocates.
//
// Protocol, first match wins (the table for users: panic.h):
//   1. the thread is reporting already       the trace that it follows ends
//                                            (SurvivesFaults), or else
//                                            `panic during panic`, exit
//                                            status 4
//   2. the address lies in a stack's guard   the report of ctx/stack.h
//   3. the machine's complaint (si_code > 0) about a goroutine's own code
//        address below 4096, SIGFPE, or SetPanicOnFault
//                                            RuntimeError (sigpanic.h)
//        else, if nobody had the signal before
//                                            `unexpected fault address`,
//                                            `fatal error: fault`
//   4. somebody had the signal before us     his handler
//   5. everything else                       the crash report: signal, PC, M,
//                                            all goroutines, registers
//
// Invariant:
//   OWN-1 only a fault in own code becomes an exception: on a goroutine's own
//         stack, out of the runtime (core/in_runtime.h), not in a call that
//         says that it leaves (Syscall, BlockingCall, Foreign), at a program
//         counter in the program's text or in a function of a library that was
//         called from there.
// A library's function that was called by a library may hold libc's locks or be
// halfway through somebody's data: no exception passes through it.
//
// Signals are taken only where they had their default meaning when Main
// started, but for the three of protocol step 3, which are chained.
// AddressSanitizer keeps its own report of faults: there only step 2 is ours.
// The other sanitizers' own handlers are not chained: they cannot walk a
// goroutine's stack.
// Rejected: SA_RESETHAND (a crash in the report would end without a word).
#pragma once

namespace mn {

// Installs the handlers. Once, by Main.
void InstallCrashSignals();

namespace internal {
// Gives SIGABRT its default meaning if its handler is ours: for the abort that
// ends a report (GOTRACEBACK=crash).
void LetAbortEnd();

// fn(arg), by the thread that is reporting (IsDying); false if a fault ended
// it, after which its destructors have not run. Does not nest. (With TSan,
// which must see every longjmp, and with ASan, whose redzones a longjmp on the
// fresh stack leaves behind, the fault ends the report.)
bool SurvivesFaults(void (*fn)(void*), void* arg);
}  // namespace internal

}  // namespace mn
