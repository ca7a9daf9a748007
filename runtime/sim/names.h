// What a reader calls the things of a report: objects of the model by the names
// that its set-up gave them (model.h), instructions by their source lines.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mn::sim {

struct Named {
  const void* addr;
  std::size_t size;
  const char* name;
  int index;
  bool show;
};

// "file.cc:12 Function", from the debug information; "?" without.
std::string SourceOf(const void* pc);

// The smallest object that contains addr; "" if none does.
std::string NameOf(const void* addr, const std::vector<Named>& names);
// The largest object that begins at addr; "" if none does.
std::string NameOfObject(const void* addr, const std::vector<Named>& names);

}  // namespace mn::sim
