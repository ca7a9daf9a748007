// MN_ASAN and MN_TSAN say which sanitizer this file is compiled for. Each is 1
// or 0. gcc defines a macro of its own, and clang answers __has_feature.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define MN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MN_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define MN_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MN_TSAN 1
#endif
#endif

#ifndef MN_ASAN
#define MN_ASAN 0
#endif
#ifndef MN_TSAN
#define MN_TSAN 0
#endif
