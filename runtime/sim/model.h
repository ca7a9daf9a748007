// What a model is written with. A model is a file in sim/models/ that says
// which threads there are, what they do with the runtime's own sources, and
// what must hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

namespace mn::sim {

// How far exhaustive search goes: so many preemptions, and so many stores that
// stay in a store buffer or futex waits that return early.
struct Bound {
  int preemptions = 0;
  int delays = 0;
};

// One size of a model. `setup` makes fresh objects and spawns the threads. It
// runs before every execution, so it must be quick and always do the same.
struct Config {
  const char* name;  // of letters, digits and _
  const char* what;  // one line: how many of what
  void (*setup)();
  void (*check)() = nullptr;  // after the last step of an execution
  Bound quick = {};           // what a test run searches exhaustively
  Bound proof = {};           // ... and what --long does
};

// The model's file defines it.
std::span<const Config> Configs();

// Adds a thread. `daemon`: it need not have ended when everything is over (an
// M that sleeps). Caller: setup, or a thread of the model.
int Spawn(const char* name, void (*run)(void*), void* arg, bool daemon = false);

// The number of the calling thread, in the order of Spawn; -1 outside.
int ThreadId();

// A thread_local of the sources that each thread of the model must have for
// itself: swapped at every switch. Once, before the first execution.
void PerThread(void** slot);

// Ends the schedule with a violation unless cond. Caller: threads and check.
void Expect(bool cond, const char* what);

// One of 0..n-1; the explorer tries all.
int Choose(int n);

// Names for reports. `name` must outlive the execution (a literal); index >= 0
// is appended in brackets. `show`: reads and writes of it are rows of the
// timeline even if it is not atomic.
void Name(const void* addr, std::size_t size, const char* name, int index = -1,
          bool show = false);
template <class T>
void Name(const T& object, const char* name, int index = -1,
          bool show = false) {
  Name(&object, sizeof object, name, index, show);
}

// A row of the timeline.
void Say(const char* what, const void* object = nullptr);

// A plain variable of a model that is not compiled with the explorer's
// instrumentation. The runtime's sources and the models are (see hooks.cc), so
// their plain fields need no wrapper.
template <class T>
class Plain {
 public:
  T Get() const;
  void Set(T value);

 private:
  T value_{};
};

void PlainAccess(const void* addr, std::size_t size, bool write);

template <class T>
T Plain<T>::Get() const {
  PlainAccess(&value_, sizeof value_, false);
  return value_;
}
template <class T>
void Plain<T>::Set(T value) {
  PlainAccess(&value_, sizeof value_, true);
  value_ = value;
}

// Makes *object as if it had never been used; static objects of a model.
template <class T>
T& Renew(T& object) {
  object.~T();
  return *new (&object) T();
}

}  // namespace mn::sim
