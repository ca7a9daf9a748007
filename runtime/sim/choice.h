// Points of choice: where an execution asks its strategy how to go on.
//
// Protocol: whoever has several ways to go on lists them as options, the dull
// one first, and calls Ask. A point with one option is counted too, and so is a
// point that is not worth asking. The number of a choice is therefore the same
// in an execution that looks at every step (Replay) and in one that does not.
//
// Invariant (EXP-1): nothing but the answers decides between the options.
#pragma once

#include "runtime/sim/strategy.h"

namespace mn::sim {

// The option that the strategy picks. `current`: the thread that could go on,
// or -1; it is part of the state. Does not return if the strategy knows the
// rest.
int Ask(PointKind kind, const Option* options, int n, int current);

// Yes or no, no being free. Not worth it: no, without asking.
bool AskWhether(PointKind kind, bool worth_it);

}  // namespace mn::sim
