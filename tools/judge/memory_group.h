// A cgroup that bounds the memory of one case: all of it, also what no process
// is seen to have (files of the scratch directory, pipes, sockets, page
// tables).
//
// Why it is hard: only root may make groups, and only where the machine's
// hierarchy lets it. So groups are made below the one that the enclosure
// (tools/grade/enclosure.cc) has made for the judge, which removes what a judge
// that was killed left behind. Without that there is no group, and the resident
// memory is watched (fence.h) as it is in any case: it tells of too much
// memory, and the group is for what grows faster than one looks.
#pragma once

#include <cstdint>
#include <string>

namespace mn::judge {

class MemoryGroup {
 public:
  explicit MemoryGroup(std::int64_t bytes);
  ~MemoryGroup();
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;

  bool ok() const { return procs_ >= 0; }
  // By the child: moves the calling process in. False if there is no group.
  bool Enter() const;
  // The kernel has killed somebody in it.
  bool RanOut() const;

 private:
  std::string dir_;
  std::string events_;  // the file that counts kills
  int procs_ = -1;
};

// The directory below which groups are made, of the text of /proc/self/cgroup;
// "" if there is none. *v2: it is a cgroup of version 2.
std::string GroupBase(const std::string& proc_self_cgroup, bool* v2);

}  // namespace mn::judge
