#include "runtime/testing/kernel_threads.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>

#include "runtime/base/sanitizer.h"
#include "runtime/core/fatal.h"
#include "runtime/core/getg.h"
#include "runtime/syscall.h"

namespace mn::test {

int KernelTid() { return static_cast<int>(::syscall(SYS_gettid)); }

bool ThreadLives(int tid) {
  return ::access(("/proc/self/task/" + std::to_string(tid)).c_str(), F_OK) ==
         0;
}

int KernelThreads() {
  DIR* tasks = ::opendir("/proc/self/task");
  int n = 0;
  while (const dirent* entry = ::readdir(tasks)) {
    if (isdigit(entry->d_name[0])) n++;
  }
  ::closedir(tasks);
  return MN_TSAN ? n - 1 : n;
}

bool Pinned() {
  const bool goroutine = getg()->lockedm == getm();
  const bool thread = getm()->lockedg == getg();
  MN_CHECK(goroutine == thread, "LOT-1");
  return goroutine;
}

void BlockUntil(const std::atomic<bool>& flag) {
  while (!flag) ::usleep(200);
}

void Join(std::thread& t) {
  BlockingCall([&] { t.join(); });
}

}  // namespace mn::test
