// GQueue is a long queue of goroutines, such as the global run queue.
//
// Why no list that is linked through the Gs: the G holds the address of the
// next G, and nobody has touched that cache line for long. The processor has to
// wait for each line before the next address is known. With a million
// goroutines that was a third of the time. Here the pointers stand side by side
// in chunks. A caller that takes many goroutines can have the processor fetch
// all those Gs at once.
//
// A GQueue has no lock. The user's lock guards it. It is async-signal-safe if
// the user's lock is, because chunks come from mmap and are never unmapped.
#pragma once

#include <cstdint>

namespace mn {

struct G;

class GQueue {
 public:
  constexpr GQueue() = default;
  GQueue(const GQueue&) = delete;
  GQueue& operator=(const GQueue&) = delete;

  // None of these functions parks. Memory that cannot be had is fatal.

  bool Empty() const { return size_ == 0; }
  std::uint32_t Size() const { return size_; }

  // Puts gp behind all others.
  void PushBack(G* gp) {
    if (tail_ == nullptr || tail_end_ == kPerChunk) [[unlikely]]
      AddChunkBehind();
    tail_->g[tail_end_++] = gp;
    size_++;
  }
  // Puts gp before all others.
  void PushFront(G* gp) {
    if (head_ == nullptr || head_begin_ == 0) [[unlikely]]
      AddChunkInFront();
    head_->g[--head_begin_] = gp;
    size_++;
  }
  // Takes the front goroutine off. Null if the queue is empty.
  G* Pop() {
    if (size_ == 0) return nullptr;
    G* gp = head_->g[head_begin_++];
    size_--;
    if (head_begin_ == kPerChunk || size_ == 0) [[unlikely]]
      DropFrontChunk();
    return gp;
  }

 private:
  // With the link a chunk is 4096 bytes, a page.
  static constexpr std::uint32_t kPerChunk = 511;
  struct Chunk {
    Chunk* next;
    G* g[kPerChunk];
  };

  void AddChunkBehind();
  void AddChunkInFront();
  // REQUIRES: the front chunk is used up, or the queue is empty.
  void DropFrontChunk();
  Chunk* NewChunk();

  Chunk* head_ = nullptr;
  Chunk* tail_ = nullptr;
  std::uint32_t head_begin_ = 0;  // first used slot of *head_
  std::uint32_t tail_end_ = 0;    // slot after the last used one of *tail_
  std::uint32_t size_ = 0;
  Chunk* free_ = nullptr;  // chunks that hold nothing, for reuse
};

}  // namespace mn
