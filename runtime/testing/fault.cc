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
  const int fd = ::memfd_create("shrunk", MFD_CLOEXEC);
  if (fd < 0 || ::ftruncate(fd, 4096) != 0) return nullptr;
  void* page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED || ::ftruncate(fd, 0) != 0) return nullptr;
  ::close(fd);
  return static_cast<int*>(page);
}

}  // namespace mn::test::fault
