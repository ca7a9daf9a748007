#include "runtime/core/getg.h"

namespace mn {

// Link-time optimisation cannot see the reference inside the assembly of
// getg.h. `used` keeps the variable.
__attribute__((used)) thread_local M* tls_m = nullptr;

#if !defined(__x86_64__)
__attribute__((noinline)) M* getm() {
  M* m = tls_m;
  // The compiler might find that two calls return the same and make one of
  // them. The empty assembly may change m, for all that the compiler knows.
  asm volatile("" : "+r"(m));
  return m;
}
#endif

}  // namespace mn
