// Contract of the piece `run_queue` (lesson 04): the local run queue of a P.
//
// What: a ring of 256 goroutines and one slot, `runnext`, for the goroutine
// that should run next. One owner (the M that holds the P) puts and gets; at
// the same time any number of thieves may take from the head. Thieves follow
// the protocol below whoever wrote this piece: they read `head` with acquire,
// read `tail` with acquire, copy goroutines out of the ring, and claim them
// with a compare-and-swap of `head` (release). `runnext` they take with a
// compare-and-swap to null.
//
// Invariants (named by the judge, by mutants and by the conformance suite). The
// sentences are those of lessons/04_run_queue/lesson.bzl:
//   RQ-1 FIFO: goroutines leave the ring in the order in which they entered.
//   RQ-2 runnext first: RunqGet returns runnext before the ring; a put with
//        next=true moves the old runnext to the ring's tail.
//   RQ-3 Overflow: put number 257 moves half of the ring (the oldest 128) and
//        then the new goroutine to the global queue, as one batch.
//   RQ-4 One owner, many thieves: no goroutine is lost or handed out twice,
//        whenever a thief strikes.
//   RQ-5 Fast path: no lock and no allocation.
//   RQ-6 head and tail run freely over 32 bits: all holds across the wrap.
//   RQ-7 runnext shares the time slice: after 64 gets in a row from runnext
//        past a waiting ring, the ring's head goes first.
// So a pair that readies each other cannot starve the queue. The 64 of RQ-7 is
// kRunnextBudget. A get past an empty ring uses up none of them. RQ-5 is about
// puts and gets that fit: RunqPutSlow is the slow path.
//
// Each P has a queue, and each queue an owner. Owners of two queues share
// nothing, and none waits for another.
//
// The layout is given (plain data, so that thieves and traces can read it). The
// three functions are the piece. The runtime's own version is
// runtime/sched/run_queue.cc. A learner's file replaces it with
//   bazel build --//runtime/plug:run_queue=//exercises/04_run_queue:piece
// Not replaced, the functions are inline: the plug costs nothing.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.h"

// The library of a replacement defines MN_PLUGGED_RUN_QUEUE for everybody who
// includes this header; without it the runtime's own text is included below.
#ifdef MN_PLUGGED_RUN_QUEUE
#define MN_RUN_QUEUE_PIECE
#else
#define MN_RUN_QUEUE_PIECE inline
#endif

namespace mn {

struct G;  // a goroutine; the queue only moves pointers

#ifdef MN_SIM
inline constexpr std::uint32_t kRunqSize = 4;  // the explorer fills it quickly
#else
inline constexpr std::uint32_t kRunqSize = 256;
#endif
inline constexpr std::uint32_t kRunnextBudget = 64;

struct RunQueue {
  // atomic: the owner and thieves move it forward by compare-and-swap.
  alignas(64) mn::atomic<std::uint32_t> head{0};
  // atomic: written by the owner only, read by thieves.
  alignas(64) mn::atomic<std::uint32_t> tail{0};
  // owner only: gets in a row that came from runnext past a non-empty ring.
  std::uint32_t runnext_streak = 0;
  // atomic: the owner sets it, a thief may take it (compare-and-swap to null).
  mn::atomic<G*> runnext{nullptr};
  // slot i holds the goroutine of every counter value that is i mod 256.
  mn::atomic<G*> ring[kRunqSize] = {};
};

// ---- what the host provides --------------------------------------------

// Appends the n goroutines to the global queue, in order, as one batch. Takes
// the global queue's lock.
void GlobrunqPutBatch(G* const* batch, std::uint32_t n);

// ---- what the piece provides -------------------------------------------

// Caller: owner. Queues gp: with next=true in runnext (the goroutine displaced
// from there goes to the ring's tail), else at the ring's tail. A full ring
// overflows through RunqPutSlow. gp is not null.
MN_RUN_QUEUE_PIECE void RunqPut(RunQueue& q, G* gp, bool next);

// Caller: owner. The next goroutine to run. Null only if ring and runnext are
// empty when RunqGet returns, also after a race that a thief has won: an owner
// that hears null goes to sleep, and who is still in the queue is lost (RQ-4).
MN_RUN_QUEUE_PIECE G* RunqGet(RunQueue& q);

// Caller: owner, from RunqPut, having read `head` and `tail` and found the ring
// full. Moves half of the ring and gp to the global queue (RQ-3). Returns false
// and does nothing if a thief made room meanwhile: the caller tries again.
MN_RUN_QUEUE_PIECE bool RunqPutSlow(RunQueue& q, G* gp, std::uint32_t head,
                                    std::uint32_t tail);

}  // namespace mn

#ifndef MN_PLUGGED_RUN_QUEUE
#include "runtime/sched/run_queue.cc"  // NOLINT: the default, inline
#endif
