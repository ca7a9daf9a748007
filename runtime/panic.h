// Panic: the runtime's own complaints that Go words as panics ("send on closed
// channel", "sync: negative WaitGroup counter", a null pointer that was
// followed).
//
// A panic is a C++ exception, so Go's recover() is an ordinary catch. Nobody
// catches it? Then, like every exception that leaves a goroutine, it ends the
// process: `panic: TEXT`, the trace of the goroutine that threw, exit status 2.
//
// Faults (document, section 11). What a goroutine's own code does becomes
//
// * a read, write or call through an address below 4096: RuntimeError;
// * an integer division by zero, or one whose result does not fit
//   (INT_MIN / -1): RuntimeError;
// * the same in a function of a shared library that the program called directly
//   (strlen(nullptr)): RuntimeError;
// * any other bad address: `fatal error: fault`; after SetPanicOnFault(true)
//   RuntimeError;
// * a stack overflow: `fatal error: stack overflow`;
// * a fault inside a call of the runtime, inside Syscall, BlockingCall or
//   Foreign, deeper in a library or on a thread that is no goroutine's, and any
//   of these signals sent by kill(2): a crash report;
//
// and everything but RuntimeError ends the process, exit status 2. A program
// that installed a handler for the signal before mn::Main keeps it for what is
// no RuntimeError and no overflow.
//
// What can be caught. In C++ a fault is undefined behaviour, and compilers
// believe that a load or a division throws nothing. The exception is thrown at
// the very instruction; what becomes of it (gcc 12 and clang 14, -O0 to -O3,
// see diag/sigpanic_test.cc):
//
// * In a function that the try block calls through MayFault or a pointer, a
//   virtual one, or one in another translation unit, and in all that these call
//   so: yes.
// * In a function whose body the compiler sees: often not. It proves that
//   nothing throws and drops the try (gcc even at -O0).
// * In the try block itself, inlined functions included: often not.
// * In a function that holds objects with destructors: often not; if so, these
//   may not run.
// * In a noexcept function, or in anything that one called: no.
//
// "No" is the report of an uncaught panic and exit status 2. Destructors of
// the functions between the one that faults and the handler always run. All of
// it but noexcept becomes "yes", with all destructors, where gcc compiles the
// file with -fnon-call-exceptions; clang 14 has no such thing. So for code that
// has to survive null pointers:
//
//   try {
//     mn::MayFault([&] { use(*p); });
//   } catch (const mn::RuntimeError& e) { ... }
//
// Under AddressSanitizer faults are its reports, and under ThreadSanitizer
// nothing of this can be caught; on processors other than x86-64 they are
// reported as uncaught panics.
#pragma once

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mn {

// Thread-safe as any exception object. Mirrors Go's runtime.Error.
class Panic : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The machine complained. what() is one of
//   runtime error: invalid memory address or nil pointer dereference
//   runtime error: integer divide by zero
//   runtime error: integer overflow
//   runtime error: floating point error
class RuntimeError : public Panic {
 public:
  struct Fault {
    int signal = 0;           // SIGSEGV, SIGBUS or SIGFPE
    int code = 0;             // its si_code
    std::uintptr_t addr = 0;  // that could not be accessed; SIGFPE: pc
    std::uintptr_t pc = 0;    // the instruction
  };
  RuntimeError(const char* what, const Fault& fault)
      : Panic(what), fault_(fault) {}

  const Fault& fault() const { return fault_; }
  // Mirrors the Addr method of the error after debug.SetPanicOnFault.
  std::uintptr_t Addr() const { return fault_.addr; }

 private:
  Fault fault_;
};

// From now on a fault of the calling goroutine at any address is a
// RuntimeError, not only one below 4096. Returns what it was; a new goroutine
// starts with false. Caller: a goroutine. Does not park.
// Mirrors debug.SetPanicOnFault.
bool SetPanicOnFault(bool enabled);

// How much a dying process says from now on, in the words of GOTRACEBACK
// (diag/traceback.h): none, single, all, system, crash, or a number. The
// environment variable is a floor: this adds to it and never takes from it. Any
// thread; does not park. Throws std::invalid_argument for any other word.
// Mirrors debug.SetTraceback.
void SetTraceback(std::string_view level);

// f(), in a way that the compiler cannot see through: a fault in f's own code
// can be caught around the call. Objects with destructors that live in f while
// it faults spoil that (see above). Returns what f returns; no reference. Does
// not park by itself. Go needs no such thing: its compiler expects a fault
// anywhere.
template <class F>
auto MayFault(F&& f) -> std::invoke_result_t<F&>;

// ---------------------------------------------------------------------------

namespace internal {
// Calls run(arg) by a pointer that the optimiser loses sight of.
void CallOpaquely(void (*run)(void*), void* arg);

template <class T>
union MayFaultResult {
  MayFaultResult() {}
  ~MayFaultResult() {}
  T value;
};
}  // namespace internal

template <class F>
auto MayFault(F&& f) -> std::invoke_result_t<F&> {
  using Result = std::invoke_result_t<F&>;
  using Function = std::remove_reference_t<F>;
  static_assert(!std::is_reference_v<Result>, "return a pointer instead");
  // The lambdas are the frames that fault: nothing in them needs destruction.
  if constexpr (std::is_void_v<Result>) {
    struct Call {
      Function& f;
    } call{f};
    internal::CallOpaquely([](void* arg) { static_cast<Call*>(arg)->f(); },
                           &call);
  } else {
    struct Call {
      Function& f;
      internal::MayFaultResult<Result> result;
    } call{f, {}};
    internal::CallOpaquely(
        [](void* arg) {
          auto* c = static_cast<Call*>(arg);
          ::new (static_cast<void*>(&c->result.value)) Result(c->f());
        },
        &call);
    struct Destroy {
      Result& value;
      ~Destroy() { value.~Result(); }
    } destroy{call.result.value};
    return std::move(call.result.value);
  }
}

}  // namespace mn
