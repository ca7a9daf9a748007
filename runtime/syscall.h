// Calls that block the thread (document, section 4).
#pragma once

#include <type_traits>
#include <utility>

namespace mn {

namespace internal {
void EnterSyscallBlock();
void ExitSyscall();
}  // namespace internal

// Runs `f()`, which is known to block in the kernel (waitpid, read of a slow
// device, flock ...), on this thread. The P is handed to another thread first,
// so other goroutines go on; when f returns, the goroutine needs a P again and
// may have to wait for one. Returns what f returns; an exception passes through
// after the P is back. f must not call into the runtime.
//
// errno: read it inside f. After the call the goroutine may be on another
// thread. Mirrors what runtime.entersyscallblock/exitsyscall do for Go's own
// blocking calls.
template <class F>
auto BlockingCall(F&& f) -> std::invoke_result_t<F> {
  internal::EnterSyscallBlock();
  struct Exit {
    ~Exit() { internal::ExitSyscall(); }
  } exit;
  return std::forward<F>(f)();
}

}  // namespace mn
