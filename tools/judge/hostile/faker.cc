// Hostile: speaks the protocol and computes the right answers in a static
// constructor, without any queue. Only the canary tells it from the real thing.
#include <stdio.h>
#include <unistd.h>

#include <deque>
#include <sstream>
#include <string>

#include "runtime/plug/run_queue.h"

namespace mn {
bool RunqPutSlow(RunQueue&, G*, std::uint32_t, std::uint32_t) { return true; }
void RunqPut(RunQueue&, G*, bool) {}
G* RunqGet(RunQueue&) { return nullptr; }
}  // namespace mn

static const struct Fake {
  Fake() {
    dprintf(4, "hello 3\n");
    std::string all;
    char buffer[4096];
    while (all.find("\ngo\n") == std::string::npos) {
      const ssize_t n = read(3, buffer, sizeof(buffer));
      if (n <= 0) _exit(1);
      all.append(buffer, static_cast<std::size_t>(n));
    }
    std::istringstream lines(all);
    std::string nonce, out;
    int observations = 0;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string verb, name;
      words >> verb >> name;
      if (verb == "nonce") nonce = name;
      if (verb != "work" || name != "ops") continue;
      std::deque<int> queue;
      int next = 0;
      for (int op; words >> op;) {
        if (op == 4) continue;  // begins with a queue
        if (op != 3) {
          queue.push_back(next++);
          continue;
        }
        out += "o get " + std::to_string(queue.empty() ? -1 : queue.front()) +
               "\n";
        if (!queue.empty()) queue.pop_front();
        observations++;
      }
    }
    out += "end " + nonce + " " + std::to_string(observations) + "\n";
    for (std::size_t at = 0; at < out.size();) {
      const ssize_t n = write(4, out.data() + at, out.size() - at);
      if (n <= 0) _exit(1);
      at += static_cast<std::size_t>(n);
    }
    _exit(0);
  }
} kFake;
