// Functions that fault, where a test's compiler cannot see into them.
#pragma once

#include <cstddef>

// A function that faults on purpose: not a case for UBSan.
#define MN_FAULTS __attribute__((no_sanitize("undefined")))

namespace mn::test::fault {

int Load(const volatile int* p);
void Store(volatile int* p);
void Call(void (*f)());
int Divide(int a, int b);
// strlen, called in shared libc.
std::size_t Length(const char* s);
// fputs to stdout: strlen is called by fputs.
void Put(const char* s);

// p, so that nobody knows its value.
int* Hide(int* p);
// Something to load from.
int* Valid();

}  // namespace mn::test::fault
