#include "runtime/diag/pcs.h"

#include "runtime/core/fatal.h"
#include "runtime/diag/names.h"
#include "runtime/diag/stack_walk.h"
#include "runtime/diag/symbols.h"

namespace mn {

int StackPcs(std::uintptr_t fp, std::uintptr_t stack_lo,
             std::uintptr_t stack_hi, std::uintptr_t* pcs, int max) {
  struct Out {
    std::uintptr_t* pcs;
    int max;
    int n = 0;
  } out{pcs, max};
  internal::WalkFramePointers(
      fp, {stack_lo, stack_hi},
      [](void* arg, std::uintptr_t pc, bool) {
        auto& o = *static_cast<Out*>(arg);
        if (o.n < o.max) o.pcs[o.n++] = pc;
      },
      &out);
  return out.n;
}

void PrintPcs(const std::uintptr_t* pcs, int n) {
  FatalText text;
  for (int i = 0; i < n; i++) {
    internal::Symbolize(
        pcs[i], /*exact=*/i == 0,
        [](void* out, const internal::Frame& frame) {
          if (frame.IsPlumbing()) return;
          auto& t = *static_cast<FatalText*>(out);
          internal::AppendFunctionName(t, frame.function);
          t << "(...)\n\t" << (frame.file != nullptr ? frame.file : "??") << ":"
            << static_cast<std::int64_t>(frame.line) << "\n";
        },
        &text);
  }
  text.Print();
}

std::uintptr_t ProgramFunction(const std::uintptr_t* pcs, int n) {
  std::uintptr_t entry = 0;
  for (int i = 0; i < n && entry == 0; i++) {
    internal::Symbolize(
        pcs[i], /*exact=*/i == 0,
        [](void* out, const internal::Frame& frame) {
          auto& e = *static_cast<std::uintptr_t*>(out);
          if (e == 0 && !frame.IsPlumbing()) e = frame.entry;
        },
        &entry);
  }
  return entry != 0 ? entry : pcs[0];
}

}  // namespace mn
