#include "tools/wb/watcher.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/syscall.h"
#include "tools/common/files.h"
#include "tools/common/text.h"

namespace mn::wb {
namespace {

using tools::Cat;

// A rename over a file is a save; a rename away is a deletion, unless the new
// file follows, as from an editor that keeps the old one as a backup.
constexpr std::uint32_t kSaved =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM;
constexpr std::uint32_t kRootEvents = IN_CREATE | IN_MOVED_TO | IN_ONLYDIR;

// Parks until `fd` or `stop` is readable. False when `timeout_ms` (-1: none)
// passed, or it was `stop`.
bool WaitReadable(int fd, int stop, int timeout_ms) {
  return mn::BlockingCall([&] {
    pollfd p[2] = {{fd, POLLIN, 0}, {stop, POLLIN, 0}};
    int n;
    do {
      n = poll(p, 2, timeout_ms);
    } while (n < 0 && errno == EINTR);
    return n > 0 && p[1].revents == 0;
  });
}

}  // namespace

tools::Result<std::unique_ptr<Watcher>> Watcher::Make(const std::string& root) {
  const int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0) {
    return tools::Error{Cat("cannot watch files: ", std::strerror(errno),
                            " (fs.inotify.max_user_instances)")};
  }
  std::unique_ptr<Watcher> watcher(new Watcher(root, fd));
  const auto names = tools::ListDir(root);
  if (!names.ok()) return tools::Error{names.error()};
  if (!watcher->WatchDir("")) {
    return tools::Error{Cat("cannot watch ", root, ": ", std::strerror(errno),
                            " (fs.inotify.max_user_watches)")};
  }
  for (const std::string& name : *names) watcher->WatchDir(name);
  return watcher;
}

Watcher::~Watcher() { close(fd_); }

bool Watcher::WatchDir(const std::string& name) {
  const std::string path = tools::JoinPath(root_, name);
  if (!tools::IsDirectory(path)) return false;
  const int wd = inotify_add_watch(
      fd_, path.c_str(), name.empty() ? kRootEvents : kSaved | IN_ONLYDIR);
  if (wd < 0) return false;
  dirs_[wd] = name;
  return true;
}

bool Watcher::Drain(std::set<std::string>* saved) {
  alignas(inotify_event) char buffer[4096];
  for (;;) {
    const ssize_t n = read(fd_, buffer, sizeof buffer);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    for (ssize_t at = 0; at < n;) {
      const auto* e = reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + e->len);
      const auto dir = dirs_.find(e->wd);
      if (dir == dirs_.end()) continue;
      if (e->mask & IN_IGNORED) {
        dirs_.erase(dir);  // gone; the root tells when it comes back
        continue;
      }
      const std::string name = e->len > 0 ? e->name : "";
      if (dir->second.empty()) {
        WatchDir(name);
      } else if (e->mask & kSaved) {
        saved->insert(tools::JoinPath(dir->second, name));
      }
    }
  }
}

std::set<std::string> Watcher::Next(std::chrono::milliseconds quiet) {
  std::set<std::string> saved;
  while (saved.empty()) {
    if (!WaitReadable(fd_, stop_.fd(), -1) || !Drain(&saved)) return {};
  }
  while (WaitReadable(fd_, stop_.fd(), static_cast<int>(quiet.count()))) {
    if (!Drain(&saved)) break;
  }
  return saved;
}

}  // namespace mn::wb
