// Panics. The runtime's complaints that Go words as panics are C++ exceptions.
// Such a complaint is "send on closed channel", "sync: negative WaitGroup
// counter", or a null pointer that was followed.
//
// Example:
//
//   mn::Chan<int> closed(1);
//   closed.Close();
//   try {
//     closed.Send(1);
//   } catch (const mn::Panic& e) {  // what recover() is in Go
//     assert(std::string(e.what()) == "send on closed channel");
//   }
//
// If nobody catches a panic, the process ends. So does every exception that
// leaves a goroutine. The report is `panic: TEXT` with the trace of the
// goroutine that threw, and the exit status is 2.
//
// Faults
//
// A fault in a goroutine's own code becomes one of these
//
// * RuntimeError for a read, write or call through an address below 4096;
// * RuntimeError for an integer division by zero, and for a division whose
//   result does not fit (INT_MIN / -1);
// * RuntimeError for the same in a function of a shared library that the
//   program has called directly, as in strlen(nullptr);
// * `fatal error: fault` for any other bad address, or RuntimeError after
//   SetPanicOnFault(true);
// * `fatal error: stack overflow` for a stack overflow;
// * a crash report for a fault anywhere else. Anywhere else is inside a call of
//   the runtime, inside Syscall, BlockingCall or Foreign, deeper in a library,
//   and on a thread that is no goroutine's. A signal of this kind from kill(2)
//   is reported like that too.
//
// Everything but RuntimeError ends the process with exit status 2. If the
// program installed a handler for the signal before mn::Main, that handler gets
// what is neither a RuntimeError nor a stack overflow.
//
// What can be caught
//
// In C++ a fault is undefined behaviour. Compilers believe that a load and a
// division throw nothing. The exception is thrown at the very instruction that
// faults. Whether a try block catches the exception depends on where that
// instruction is. With gcc 12 and clang 14, -O0 to -O3, the answer is
//
// * yes, in a function that the try block calls through MayFault, through a
//   pointer or as a virtual function, and in a function of another translation
//   unit. Also in what these call in the same way.
// * often not, in a function whose body the compiler sees. The compiler proves
//   that nothing throws there and drops the try. gcc does so even at -O0.
// * often not, in the try block itself and in functions inlined there.
// * often not, in a function that holds objects with destructors. If the
//   exception is caught, these destructors may not have run.
// * no, in a noexcept function and in anything that such a function called.
//
// If the answer is no, the process ends with the report of an uncaught panic.
// The destructors of all functions between the fault and the handler always
// run. With gcc's -fnon-call-exceptions every answer but noexcept is yes, and
// all destructors run. clang 14 has no such option. So code that must survive
// null pointers calls MayFault. diag/sigpanic_test.cc tests these answers.
//
// Example:
//
//   const char* name = getenv("NO_SUCH_VARIABLE");  // null
//   bool caught = false;
//   try {
//     mn::MayFault([&] { return name[0]; });
//   } catch (const mn::RuntimeError&) {
//     caught = true;
//   }
//   assert(caught);
//
// AddressSanitizer reports faults itself. Under ThreadSanitizer no fault can be
// caught. On processors other than x86-64 a fault is reported as an uncaught
// panic.
//
// Mirrors: the document, section 11.
#pragma once

#include <cstdint>
#include <new>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mn {

// What every panic of the runtime is. what() is Go's text without `panic: `.
// Mirrors: runtime.Error.
class Panic : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A fault of the goroutine's own code. what() is one of
//   runtime error: invalid memory address or nil pointer dereference
//   runtime error: integer divide by zero
//   runtime error: integer overflow
//   runtime error: floating point error
class RuntimeError : public Panic {
 public:
  struct Fault {
    int signal = 0;           // SIGSEGV, SIGBUS or SIGFPE
    int code = 0;             // the signal's si_code
    std::uintptr_t addr = 0;  // the bad address, or pc for SIGFPE
    std::uintptr_t pc = 0;    // the address of the instruction
  };
  RuntimeError(const char* what, const Fault& fault)
      : Panic(what), fault_(fault) {}

  const Fault& fault() const { return fault_; }
  // The bad address.
  // Mirrors: the Addr method of the error after debug.SetPanicOnFault.
  std::uintptr_t Addr() const { return fault_.addr; }

 private:
  Fault fault_;
};

// With true, a fault of the calling goroutine at any address is a RuntimeError,
// and not only a fault below 4096. Returns the previous setting.
// REQUIRES: the caller is a goroutine.
// Does not park. A new goroutine starts with false.
// Mirrors: debug.SetPanicOnFault.
bool SetPanicOnFault(bool enabled);

// Says how much a dying process prints from now on. `level` is a value of
// GOTRACEBACK, which is none, single, all, system, crash or a number
// (diag/gotraceback.h).
// Any thread may call. Does not park. The process never prints less than the
// environment variable GOTRACEBACK asks for. Throws std::invalid_argument for
// any other word.
// Mirrors: debug.SetTraceback.
void SetTraceback(std::string_view level);

// Calls f so that the compiler cannot see through the call. A fault in f's own
// code can then be caught around the call.
// REQUIRES: f returns no reference. No object with a destructor lives in f when
// f faults.
// Returns what f returns. Any thread may call, but only a goroutine's fault
// becomes an exception. Does not park by itself.
// Mirrors: nothing. Go's compiler expects a fault anywhere.
template <class F>
auto MayFault(F&& f) -> std::invoke_result_t<F&>;

// ---------------------------------------------------------------------------

namespace internal {
// Calls run(arg) through a pointer that the optimiser loses sight of.
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
  // The lambdas are the frames that fault. Nothing in them needs destruction.
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
