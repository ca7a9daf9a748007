// A failing execution as a table that a beginner can read: one column per
// thread, one row per step, time goes down.
#pragma once

#include <string>

#include "runtime/sim/engine.h"

namespace mn::sim {

// `all`: also the steps that no other thread could have noticed.
std::string Timeline(const Result& result, bool all);

}  // namespace mn::sim
