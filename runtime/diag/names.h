// Readable function names: what a trace shows instead of a mangled symbol.
//
// Why not the demangler's text alone: a C++ signature with its template
// arguments easily fills ten lines, and a trace is read for *where*, as Go's
// `main.f(...)`. So: no return type, no parameters, long template arguments as
// `<...>`.
#pragma once

#include "runtime/core/fatal.h"

namespace mn::internal {

// Appends the name of `symbol` (mangled or plain; null prints `??`), without
// parameters: `ns::Class<int>::Method`, `main::{lambda()#1}::operator()`.
// Allocates (the demangler does), so not for a signal handler.
void AppendFunctionName(FatalText& out, const char* symbol);

// As above, for a name that is demangled already. Does not allocate.
void AppendShortName(FatalText& out, const char* demangled);

// Appends the name of a type from its std::type_info: `std::runtime_error`.
// Allocates.
void AppendTypeName(FatalText& out, const char* type_info_name);

}  // namespace mn::internal
