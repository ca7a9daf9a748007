#include "runtime/core/getg.h"

namespace mn {

// `used`: link-time optimisation cannot see the reference inside the assembly.
__attribute__((used)) thread_local M* tls_m = nullptr;

#if !defined(__x86_64__)
__attribute__((noinline)) M* getm() {
  M* m = tls_m;
  asm volatile("" : "+r"(m));
  return m;
}
#endif

}  // namespace mn
