// Which lesson a judge program is for, and where the learner's file and the
// case process are. exercise.bzl compiles subject.cc once per judge with these
// as defines, so that the program needs no arguments.
#pragma once

namespace mn::judge {

struct Subject {
  const char* lesson;   // "04_run_queue"
  const char* program;  // runfiles path of the case process; "" if none
  const char* source;   // runfiles path of the learner's file; "" if none
  const char* starter;  // runfiles path of the pristine copy
};

extern const Subject kSubject;

}  // namespace mn::judge
