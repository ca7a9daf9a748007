// A schedule as a short string for the command line.
//
// Which configuration, which memory, then the deviations: for each the distance
// to the one before and the option. Numbers are in groups of four bits, the
// fifth bit says that another group follows; a group is one character of the
// alphabet 0-9 a-v.
#pragma once

#include <string>

#include "runtime/sim/engine.h"

namespace mn::sim {

struct Ticket {
  std::size_t config = 0;
  Memory memory = Memory::kSc;
  Schedule schedule;
};

std::string Encode(const Ticket& ticket);
// False: not a string that Encode makes.
bool Decode(const std::string& text, Ticket* ticket);

}  // namespace mn::sim
