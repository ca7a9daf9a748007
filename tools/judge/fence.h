// Starts a case process, talks to it, and leaves nothing of it behind.
//
// What: RunCase starts the case program with a clean environment, two pipes and
// limits; sends the request after the hello; collects observations; and kills
// the whole tree when the process ends, talks nonsense or exceeds a limit.
//
// Why it is hard: the learner's code may hang, crash, fork, double-fork out of
// its session, fill the disk, print without end, or starve because the machine
// is busy. Each must cost this run only, and a busy machine must not cost
// anything.
//
//   environment  nothing but PATH, HOME, LANG, TMPDIR: no XML_OUTPUT_FILE,
//                TEST_* or RUNFILES_* for the code to find and forge
//   descriptors  0 /dev/null, 1 and 2 captured, 3 and 4 the protocol; no others
//   walls        it sees its program, the system's libraries and an empty
//                scratch directory, and no process but its own (wall.h)
//   processes    no descendant of any generation survives (spawn.h)
//   limits       RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_CORE=0; memory and number of
//                processes are watched from outside (RLIMIT_AS counts address
//                space that was only reserved; RLIMIT_NPROC counts the whole
//                user and does not bind root)
//   deadline     wall clock; extended while the process is runnable but has got
//                little CPU time: then the machine is slow, not the code
//   TMPDIR       fresh, of limited size, gone afterwards
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/judge/place.h"
#include "tools/judge/protocol.h"

namespace mn::judge {

struct Limits {
  double timeout_s = 5;
  std::int64_t memory_bytes = std::int64_t{1} << 30;
  int processes = 64;
};

struct Request {
  std::string program;  // path of the case process
  std::string case_name;
  std::uint64_t seed = 0;
  std::uint64_t nonce = 0;
  Workload work;
  Texts texts;
  std::vector<std::string> visible;  // more files that the process may read
};

// What the case process said of itself when it crashed (sig is not 0), or when
// it was asked at the deadline (sig is 0). fault_report.h has the lines.
struct Fault {
  bool told = false;  // it said anything
  int sig = 0;
  int code = 0;
  std::uint64_t address = 0;
  std::uint64_t error = 0;  // x86: bit 1 a write, bit 4 the fetch of code
  std::uint64_t pc = 0;
  std::uint64_t sp = 0;
  std::uint64_t base = 0, end = 0;   // of the program, without its libraries
  std::vector<std::uint64_t> regs;   // x86: in the order of their encoding
  std::vector<std::uint8_t> bytes;   // at pc; empty: pc is not code
  std::vector<std::uint64_t> words;  // below and at sp; empty: not readable
  std::uint64_t call = 0;  // behind a call, and the word at sp; 0: it is not
  bool in_syscall = false;
  std::int64_t stacks = 0;  // how many are known
  struct Stack {
    std::uint64_t lo = 0, hi = 0;
    bool used = false;  // something was written to its top
    std::string name;   // "": sp is not on a stack that is known
  } stack;
  std::string phase;     // what had happened; "" if nothing worth telling
  std::string function;  // at pc, as far as the process knew; "?" or ""
  // pc is outside of the program: its caller there, and whom that called.
  std::uint64_t caller = 0;
  std::string callee;
  Place place;  // of pc, or of the caller if there is one
  Place by;     // of the call, if pc is not code
};

struct Outcome {
  enum class End {
    kFinished,   // the driver came to its end and said so with the nonce
    kExited,     // the process ended before the driver did
    kSignaled,   // it was killed by a signal
    kTimeout,    // killed at the deadline
    kMemory,     // killed: too much memory
    kProcesses,  // killed: too many processes
    kOutput,     // killed: too much output
    kNotStarted  // no process, or no hello: not the learner's doing
  };
  End end = End::kNotStarted;
  int exit_status = 0;  // of kExited
  int signal = 0;       // of kSignaled
  bool hello = false;
  bool asleep = false;  // of kTimeout: it was waiting, lately, not computing
  Fault fault;
  std::string error;    // of kNotStarted
  std::string printed;  // to stdout and stderr: the beginning and the end
  int printed_lines = 0;
  Observations observations;
  double ms = 0;
  std::string fence;  // the walls that held: WallNames()
};

// Not thread-safe: the calling process must be single-threaded and must have no
// other children.
Outcome RunCase(const Request& request, const Limits& limits);

}  // namespace mn::judge
