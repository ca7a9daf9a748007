// How AddressSanitizer works in a case process, whose environment is empty.
//
// A pointer to a local of a function that has returned is found too. Leaks are
// not looked for: the process ends in the middle of its work.
extern "C" const char* __asan_default_options();

const char* __asan_default_options() {
  return "detect_stack_use_after_return=1:detect_leaks=0:print_legend=0";
}
