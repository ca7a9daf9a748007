#include "runtime/diag/panic_report.h"

#include <cxxabi.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <string>
#include <typeinfo>

#include "runtime/base/atomic.h"
#include "runtime/core/fatal.h"
#include "runtime/diag/fatal_report.h"
#include "runtime/diag/gotraceback.h"
#include "runtime/diag/names.h"
#include "runtime/diag/signal_text.h"
#include "runtime/diag/stack_walk.h"
#include "runtime/diag/traceback.h"
#include "runtime/panic.h"

namespace mn {

namespace {

using internal::StackPoint;

constexpr int kMaxNested = 16;

// The thread that calls what(), which may do anything; 0 if none does.
mn::atomic<int> describing{0};

void AppendValue(FatalText& out, const char* what, const char* type) {
  out << what << " [" << type << "]";
}

void AppendStandard(FatalText& out, const std::exception& e) {
  out << e.what();
  // The texts of a Panic and of a RuntimeError are Go's; throw_with_nested
  // makes a class derived from Panic.
  const bool nested = dynamic_cast<const std::nested_exception*>(&e) != nullptr;
  if (typeid(e) == typeid(Panic) || typeid(e) == typeid(RuntimeError) ||
      (nested && dynamic_cast<const Panic*>(&e) != nullptr)) {
    return;
  }
  out << " [";
  internal::AppendTypeName(out, typeid(e).name());
  out << "]";
}

// "WHAT [TYPE]" of the exception, or "(TYPE)" if it has nothing to say.
void AppendException(FatalText& out, const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    AppendStandard(out, e);
  } catch (const std::string& s) {
    AppendValue(out, s.c_str(), "std::string");
  } catch (const char* s) {
    AppendValue(out, s != nullptr ? s : "(null)", "char const*");
  } catch (int n) {
    AppendValue(out, std::to_string(n).c_str(), "int");
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    out << "(";
    internal::AppendTypeName(out, type != nullptr ? type->name() : "??");
    out << ")";
  }
}

// The exception that this one was thrown with while handling, if any.
std::exception_ptr Cause(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::nested_exception& nested) {
    return nested.nested_ptr();
  } catch (...) {
    return nullptr;
  }
}

// Below a fault's text, the signal.
void AppendFault(FatalText& out, const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const RuntimeError& e) {
    const RuntimeError::Fault& fault = e.fault();
    internal::AppendSignalLine(out, fault.signal, fault.code, fault.addr,
                               fault.pc);
  } catch (...) {
  }
}

// As Go prints a panic during a panic: the oldest first, the others below it.
void PrintChain(const std::exception_ptr& last) {
  std::exception_ptr chain[kMaxNested];
  int n = 0;
  for (std::exception_ptr e = last; e != nullptr && n < kMaxNested;
       e = Cause(e)) {
    chain[n++] = e;
  }
  FatalText out;
  for (int i = n - 1; i >= 0; i--) {
    out << (i == n - 1 ? "panic: " : "\tpanic: ");
    out.Print();  // before what() runs
    AppendException(out, chain[i]);
    out << "\n";
  }
  AppendFault(out, last);
  out.Print();
}

void PrintPanicReport(void* arg) {
  const auto settings = CurrentTraceback();
  const std::exception_ptr exception = std::current_exception();
  bool all = settings.all;
  if (exception != nullptr) {
    describing.store(::gettid(), memory_order_relaxed);
    PrintChain(exception);
    describing.store(0, memory_order_relaxed);
  } else {
    FatalText out;
    out << "fatal error: std::terminate called without an active exception\n";
    out.Print();
    all = true;  // as for every fatal error
  }
  internal::PrintTraces({settings.level, all, settings.crash},
                        *static_cast<const StackPoint*>(arg));
  internal::CrashIfAsked(settings);
}

}  // namespace

__attribute__((noinline)) void TerminateHandler() {
  if (describing.load(memory_order_relaxed) == ::gettid()) {
    FatalText out;
    out << "panic while printing panic value\n";
    out.Print();
    TracebackForFatal(false);
    Die();
  }
  EnterFatal();
  StackPoint here = MN_CALLERS_STACK_POINT();
  internal::CallOnFreshStack(&PrintPanicReport, &here);
  Die();
}

}  // namespace mn
