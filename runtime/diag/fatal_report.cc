#include "runtime/diag/fatal_report.h"

#include "runtime/core/fatal.h"
#include "runtime/diag/gotraceback.h"
#include "runtime/diag/stack_walk.h"
#include "runtime/diag/traceback.h"

namespace mn {

void FatalReportInit() {
  fatal_traceback = TracebackForFatal;
  CheckGotraceback();
}

__attribute__((noinline)) void TracebackForFatal(bool all) {
  struct Report {
    TracebackSettings settings;
    internal::StackPoint here;
  } report{CurrentTraceback(), MN_CALLERS_STACK_POINT()};
  report.settings.all = report.settings.all || all;
  internal::CallOnFreshStack(
      [](void* arg) {
        const auto& r = *static_cast<const Report*>(arg);
        internal::PrintTraces(r.settings, r.here);
      },
      &report);
  internal::CrashIfAsked(report.settings);
}

}  // namespace mn
