// Waits for files that are saved or deleted (inotify).
//
// Why it is hard: editors save in three ways (write in place; write a new file
// and rename it over; write, then touch twice), and one save is several events.
// So directories are watched, not files, and a save is reported when nothing
// has happened for a moment.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "runtime/os/subprocess/subprocess.h"
#include "tools/common/result.h"

namespace mn::wb {

class Watcher {
 public:
  // Watches the directories in `root` that exist or come to exist, and the
  // files in them. An error says what to do (no inotify watches left).
  static tools::Result<std::unique_ptr<Watcher>> Make(const std::string& root);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Parks until something was saved or deleted, and `quiet` has passed since.
  // The paths relative to the root: "04_run_queue/run_queue.cc". Empty: the
  // descriptor failed, or Stop() was called: there is nothing more to wait for.
  std::set<std::string> Next(
      std::chrono::milliseconds quiet = std::chrono::milliseconds(80));
  // Wakes Next() for good. From any goroutine.
  void Stop() { stop_.Cancel(); }

 private:
  Watcher(std::string root, int fd) : root_(std::move(root)), fd_(fd) {}
  bool WatchDir(const std::string& name);
  // Reads what is there. False: the descriptor failed.
  bool Drain(std::set<std::string>* saved);

  const std::string root_;
  const int fd_;
  os::Canceller stop_;
  std::map<int, std::string> dirs_;  // watch descriptor -> name, "" is the root
};

}  // namespace mn::wb
