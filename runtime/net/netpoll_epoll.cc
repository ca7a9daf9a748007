// netpoll on epoll and an eventfd.
//
// The wait is epoll_pwait2, whose timeout has nanoseconds: epoll_wait's
// milliseconds would make a 100 us sleep take one millisecond (Linux < 5.11 has
// only that, and rounds up: never early).
//
// Invariant:
//   NP-8 a break is never lost.
// The eventfd keeps its count until the wait that sees it has drained it, and
// break_pending keeps the writes down to one.
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/atomic.h"
#include "runtime/core/fatal.h"
#include "runtime/core/nanotime.h"
#include "runtime/net/netpoll.h"

namespace mn {

namespace {

int epfd = -1;
int break_fd = -1;
mn::atomic<std::uint32_t> break_pending{0};

int EpollWaitNs(epoll_event* events, int n, std::int64_t ns) {
#ifdef SYS_epoll_pwait2
  static mn::atomic<bool> missing{false};
  if (!missing.load(memory_order_relaxed)) {
    timespec ts;
    ts.tv_sec = ns / 1'000'000'000;
    ts.tv_nsec = ns % 1'000'000'000;
    const long r =
        ::syscall(SYS_epoll_pwait2, epfd, events, n, &ts, nullptr, 0);
    if (r >= 0 || errno == EINTR) return static_cast<int>(r);
    // ENOSYS from an old kernel, EPERM from an old container's seccomp filter.
    missing.store(true, memory_order_relaxed);
  }
#endif
  const std::int64_t ms = (ns + 999'999) / 1'000'000;
  return ::epoll_wait(
      epfd, events, n,
      ms > 1'000'000'000 ? 1'000'000'000 : static_cast<int>(ms));
}

}  // namespace

void NetpollInit() {
  epfd = ::epoll_create1(EPOLL_CLOEXEC);
  break_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.fd = break_fd;
  if (epfd < 0 || break_fd < 0 ||
      ::epoll_ctl(epfd, EPOLL_CTL_ADD, break_fd, &event) != 0) {
    Throw("cannot create an epoll instance and an eventfd (ulimit -n?)",
          "netpollinit");
  }
}

void NetpollWait(std::int64_t until) {
  const std::int64_t ns = until - Nanotime();
  if (ns <= 0) return;
  epoll_event event;
  if (EpollWaitNs(&event, 1, ns) > 0) {
    std::uint64_t count;
    // Drained before the flag is cleared: a break after that writes again.
    // seq_cst: pairs with the exchange in NetpollBreak.
    (void)!::read(break_fd, &count, sizeof count);
    break_pending.store(0, memory_order_seq_cst);
  }
}

void NetpollBreak() {
  // seq_cst: pairs with the store in NetpollWait. The caller's timer is in its
  // heap before; whoever clears the flag looks there after.
  if (break_pending.exchange(1, memory_order_seq_cst) != 0) return;
  const std::uint64_t one = 1;
  (void)!::write(break_fd, &one, sizeof one);
}

}  // namespace mn
