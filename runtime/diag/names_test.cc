#include "runtime/diag/names.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <typeinfo>

namespace mn::internal {
namespace {

// FatalText goes to stderr and nowhere else.
template <class F>
std::string Printed(F append) {
  testing::internal::CaptureStderr();
  FatalText out;
  append(out);
  out.Print();
  return testing::internal::GetCapturedStderr();
}

std::string Short(const char* demangled) {
  return Printed([&](FatalText& out) { AppendShortName(out, demangled); });
}

std::string Function(const char* symbol) {
  return Printed([&](FatalText& out) { AppendFunctionName(out, symbol); });
}

std::string Type(const std::type_info& type) {
  return Printed([&](FatalText& out) { AppendTypeName(out, type.name()); });
}

TEST(ShortName, LeavesOutParametersAndReturnType) {
  EXPECT_EQ(Short("main"), "main");
  EXPECT_EQ(Short("f()"), "f");
  EXPECT_EQ(Short("mn::Mutex::Lock()"), "mn::Mutex::Lock");
  EXPECT_EQ(Short("a::B::c(int, char const*) const"), "a::B::c");
  EXPECT_EQ(Short("void a::b<int>(std::function<void ()>)"), "a::b<int>");
  EXPECT_EQ(Short("unsigned long const& std::min<long>(long, long)"),
            "std::min<long>");
}

TEST(ShortName, KeepsTheEnclosingFunctionsOfALambda) {
  EXPECT_EQ(Short("main::{lambda()#1}::operator()() const"),
            "main::{lambda()#1}::operator()");
  EXPECT_EQ(Short("f(int) const::{lambda(char)#2}::operator()(char) const"),
            "f(int) const::{lambda(char)#2}::operator()");
  EXPECT_EQ(Short("T::Run()::Local::~Local()"), "T::Run()::Local::~Local");
}

TEST(ShortName, KnowsAnonymousNamespacesAndOperators) {
  EXPECT_EQ(Short("mn::(anonymous namespace)::Run(void*)"),
            "mn::(anonymous namespace)::Run");
  EXPECT_EQ(Short("operator new(unsigned long)"), "operator new");
  EXPECT_EQ(Short("a::operator<(a::T, a::T)"), "a::operator<");
  EXPECT_EQ(Short("std::ostream& operator<< <int>(std::ostream&, int)"),
            "operator<< <int>");
  EXPECT_EQ(Short("a::T::operator->() const"), "a::T::operator->");
  EXPECT_EQ(Short("a::T::operator bool() const"), "a::T::operator bool");
  EXPECT_EQ(Short("a::my_operator(int)"), "a::my_operator");
}

TEST(ShortName, CollapsesLongTemplateArguments) {
  EXPECT_EQ(Short("mn::Chan<int>::Recv()"), "mn::Chan<int>::Recv");
  EXPECT_EQ(Short("std::map<std::string, std::vector<std::string> >::at(int)"),
            "std::map<...>::at");
}

TEST(ShortName, SurvivesUnbalancedInput) {
  EXPECT_EQ(Short(""), "");
  EXPECT_EQ(Short("f(("), "f");
  EXPECT_EQ(Short("f<<<"), "f<<<");
  EXPECT_EQ(Short("operator"), "operator");
}

TEST(FunctionName, DemanglesOnlyMangledNames) {
  EXPECT_EQ(Function("_ZN2mn5Mutex4LockEv"), "mn::Mutex::Lock");
  EXPECT_EQ(Function("main"), "main");
  EXPECT_EQ(Function("i"), "i");  // as a type it would be "int"
  EXPECT_EQ(Function("_Znonsense"), "_Znonsense");
  EXPECT_EQ(Function(nullptr), "??");
  EXPECT_EQ(Function("f.constprop.0"), "f");
  EXPECT_EQ(Function("_ZN2mn5Mutex4LockEv.part.0"), "mn::Mutex::Lock");
}

TEST(TypeName, IsTheTypeAsWritten) {
  EXPECT_EQ(Type(typeid(int)), "int");
  EXPECT_EQ(Type(typeid(std::runtime_error)), "std::runtime_error");
}

}  // namespace
}  // namespace mn::internal
