#include "runtime/testing/threads.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "runtime/core/fatal.h"
#include "runtime/core/getg.h"
#include "runtime/core/sanitizer.h"
#include "runtime/syscall.h"

namespace mn::test {

int KernelTid() { return static_cast<int>(::syscall(SYS_gettid)); }

int KernelThreads() {
  DIR* tasks = ::opendir("/proc/self/task");
  int n = 0;
  while (const dirent* entry = ::readdir(tasks)) {
    if (isdigit(entry->d_name[0])) n++;
  }
  ::closedir(tasks);
  return MN_TSAN ? n - 1 : n;
}

int RunningThreads() {
  const std::string self = std::to_string(KernelTid());
  int running = 0;
  std::error_code error;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/self/task", error)) {
    if (task.path().filename() == self) continue;
    std::ifstream file(task.path() / "stat");
    const std::string stat((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    // The state comes after the name, which is in parentheses and has whatever
    // it likes inside.
    const std::size_t name_end = stat.rfind(')');
    if (name_end != stat.npos && name_end + 2 < stat.size() &&
        stat[name_end + 2] == 'R') {
      running++;
    }
  }
  return running;
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
