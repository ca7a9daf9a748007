// What a crash was, and what a case process did at its deadline, in words.
//
// Why it is hard: a processor names a fault by its effect. An address that is
// not canonical comes without the address. A jump to nowhere looks like a read,
// and the end of a stack like any page that is not there. A wrong sentence is
// worse than none, so each conclusion here needs its evidence: the
// instruction's bytes, the registers, the stacks that the driver has named.
// What has no evidence is said as it was seen.
#pragma once

#include <string>

#include "tools/judge/fence.h"

namespace mn::judge {

// One line about a process that a signal ended: the signal, where, and what it
// means.
std::string ExplainCrash(const Outcome& outcome);

// One line about a process that was stopped at its deadline.
std::string ExplainTimeout(const Outcome& outcome);

// The address that an x86-64 instruction reads, writes, or jumps through, as
// far as its encoding and the registers say; false if they do not.
// `element`, if given, is the number of the array's element, -1 if it is none.
bool EffectiveAddress(const Fault& fault, std::uint64_t* address,
                      std::int64_t* element = nullptr);

// Looks up the places of a fault.
void FindPlaces(const std::string& program, const std::string& source,
                const std::string& path, Fault* fault);

}  // namespace mn::judge
