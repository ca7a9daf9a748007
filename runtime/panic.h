// Panic: the runtime's own complaints that Go words as panics ("send on closed
// channel", "sync: negative WaitGroup counter").
//
// A panic is a C++ exception, so Go's recover() is an ordinary catch. Nobody
// catches it? Then, like every exception that leaves a goroutine, it ends the
// process: `panic: TEXT`, the trace of the goroutine that threw, exit status 2.
#pragma once

#include <stdexcept>

namespace mn {

// Thread-safe as any exception object. Mirrors Go's runtime.Error.
class Panic : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace mn
