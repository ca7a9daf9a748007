// Functions that fault, where a test's compiler cannot see into them.
#pragma once

#include <cstddef>
#include <string>

#include "runtime/panic.h"

// A function that faults on purpose: not a case for UBSan.
#define MN_FAULTS __attribute__((no_sanitize("undefined")))

namespace mn::test::fault {

int Load(const volatile int* p);
void Store(volatile int* p);
void Call(void (*f)());
int Divide(int a, int b);
double Divide(double a, double b);
// strlen, called in shared libc.
std::size_t Length(const char* s);
// fputs to stdout: strlen is called by fputs.
void Put(const char* s);

// p, so that nobody knows its value.
int* Hide(int* p);
// Something to load from.
int* Valid();
// A mapped page behind the end of its file: SIGBUS. Null: no such file.
int* PastTheEndOfAFile();

// What following a null pointer says.
inline constexpr char kNil[] =
    "runtime error: invalid memory address or nil pointer dereference";

// What the RuntimeError that f throws says; "" if it throws none.
template <class F>
std::string Caught(F f) {
  try {
    f();
  } catch (const RuntimeError& e) {
    return e.what();
  }
  return "";
}

}  // namespace mn::test::fault
