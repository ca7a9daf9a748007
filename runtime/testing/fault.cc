#include "runtime/testing/fault.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace mn::test::fault {

MN_FAULTS int Load(const volatile int* p) { return *p; }
MN_FAULTS void Store(volatile int* p) { *p = 1; }
MN_FAULTS void Call(void (*f)()) {
  f();
  asm volatile("");  // not a tail call
}
MN_FAULTS int Divide(int a, int b) {
  asm volatile("" : "+r"(b));
  return a / b;
}
MN_FAULTS double Divide(double a, double b) {
  asm volatile("" : "+x"(b));
  return a / b;
}
MN_FAULTS std::size_t Length(const char* s) {
  std::size_t (*volatile length)(const char*) = &std::strlen;
  return length(s);
}
MN_FAULTS void Put(const char* s) {
  asm volatile("" : "+r"(s));
  std::fputs(s, stdout);
  asm volatile("");
}

int* Hide(int* p) { return p; }
int* Valid() {
  static int value = 1;
  return &value;
}

int* PastTheEndOfAFile() {
  const int fd = ::memfd_create("empty", MFD_CLOEXEC);
  if (fd < 0) return nullptr;
  void* page = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
  ::close(fd);
  return page == MAP_FAILED ? nullptr : static_cast<int*>(page);
}

}  // namespace mn::test::fault
