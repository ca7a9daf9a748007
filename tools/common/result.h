// Result<T>: a value, or one line that says what is wrong and what to do.
//
// Every function of tools/ that can meet bad input returns one, so that the
// sentence a person reads is written where the facts are known. absl::Status
// was rejected: its payload containers differ between Debian's build and a
// sanitizer build of ours (DESIGN section 2.14).
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace mn::tools {

struct Error {
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  // Implicit, so that `return value;` and `return Error{"..."};` both read.
  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return v_.index() == 0; }
  // REQUIRES: ok().
  const T& operator*() const& { return std::get<0>(v_); }
  T& operator*() & { return std::get<0>(v_); }
  T&& operator*() && { return std::get<0>(std::move(v_)); }
  const T* operator->() const { return &std::get<0>(v_); }
  T* operator->() { return &std::get<0>(v_); }
  // REQUIRES: !ok().
  const std::string& error() const { return std::get<1>(v_).message; }

 private:
  std::variant<T, Error> v_;
};

// A Result without a value.
struct Nothing {};
using Done = Result<Nothing>;

}  // namespace mn::tools
