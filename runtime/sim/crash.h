// A mistake in the sources under test may follow a null pointer. The signal
// handler makes it a violation of the execution instead of the end of the
// process.
#pragma once

namespace mn::sim {

// From now on. A fault of the explorer's own still ends the process.
void CatchFaults();

}  // namespace mn::sim
