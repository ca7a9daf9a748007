// How busy other programs keep the machine while a demo measures.
//
// A figure that was taken on a busy machine is no fault of the machine's or of
// the learner's, but must say so. The load average would be wrong: it remembers
// the build that came before. So this compares the CPU time of all (/proc/stat)
// with that of this process.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "tools/judge/clock.h"

namespace mn {

// Seconds of CPU time that a "cpu  …" line of /proc/stat counts as used, what
// the hypervisor gave to others (steal) among it; 0 if it is no such line.
inline double UsedSeconds(const std::string& line, double ticks_per_second) {
  std::istringstream in(line);
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0,
         steal = 0;
  in >> name >> user >> nice >> system >> idle >> wait >> irq >> soft >> steal;
  if (!in || name != "cpu") return 0;
  return (user + nice + system + irq + soft + steal) / ticks_per_second;
}

// What clocks and counters show, in seconds.
struct Moment {
  double wall = 0;  // the time
  double used = 0;  // CPU time of all programs
  double own = 0;   // CPU time of this one
};

// How many CPUs others used between the two, on average.
inline double OthersCpus(const Moment& from, const Moment& to) {
  const double wall = to.wall - from.wall;
  const double others = (to.used - from.used) - (to.own - from.own);
  return wall <= 0 || others <= 0 ? 0 : others / wall;
}

class Others {
 public:
  Others() : start_(Now()) {}

  // "1.3 of 2" if others have used so many CPUs since this was made; "" if they
  // used little.
  std::string Busy() const {
    const double cpus = OthersCpus(start_, Now());
    if (cpus < 0.25) return "";
    char text[64];
    std::snprintf(text, sizeof(text), "%.1f of %ld", cpus,
                  sysconf(_SC_NPROCESSORS_ONLN));
    return text;
  }

 private:
  static Moment Now() {
    Moment now;
    now.wall = static_cast<double>(judge::NowNs()) / 1e9;
    std::ifstream stat("/proc/stat");
    std::string line;
    std::getline(stat, line);
    now.used = UsedSeconds(line, static_cast<double>(sysconf(_SC_CLK_TCK)));
    for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
      rusage usage{};
      getrusage(who, &usage);
      for (const timeval& t : {usage.ru_utime, usage.ru_stime}) {
        now.own += static_cast<double>(t.tv_sec) +
                   static_cast<double>(t.tv_usec) / 1e6;
      }
    }
    return now;
  }

  Moment start_;
};

}  // namespace mn
