// GQueue: a long queue of goroutines, as the global run queue is.
//
// Why not a list linked through the Gs: to take a goroutine off such a list one
// reads the G, a line that nobody has touched for long, before the next one's
// address is known. With a million goroutines that was a third of the time.
// Here the pointers stand side by side, in chunks, and whoever takes many can
// have the processor fetch all those Gs at once.
//
// No lock of its own. Async-signal-safe under a lock that is: chunks come from
// mmap and stay.
#pragma once

#include <cstdint>

namespace mn {

struct G;

class GQueue {
 public:
  constexpr GQueue() = default;
  GQueue(const GQueue&) = delete;
  GQueue& operator=(const GQueue&) = delete;

  bool Empty() const { return size_ == 0; }
  std::uint32_t Size() const { return size_; }

  void PushBack(G* gp) {
    if (tail_ == nullptr || tail_end_ == kPerChunk) [[unlikely]]
      AddChunkBehind();
    tail_->g[tail_end_++] = gp;
    size_++;
  }
  void PushFront(G* gp) {
    if (head_ == nullptr || head_begin_ == 0) [[unlikely]]
      AddChunkInFront();
    head_->g[--head_begin_] = gp;
    size_++;
  }
  // Null if empty.
  G* Pop() {
    if (size_ == 0) return nullptr;
    G* gp = head_->g[head_begin_++];
    size_--;
    if (head_begin_ == kPerChunk || size_ == 0) [[unlikely]]
      DropFrontChunk();
    return gp;
  }

 private:
  static constexpr std::uint32_t kPerChunk = 511;
  struct Chunk {
    Chunk* next;
    G* g[kPerChunk];
  };

  void AddChunkBehind();
  void AddChunkInFront();
  // The front chunk has been used up, or the queue is empty.
  void DropFrontChunk();
  Chunk* NewChunk();

  Chunk* head_ = nullptr;
  Chunk* tail_ = nullptr;
  std::uint32_t head_begin_ = 0;  // first used slot of *head_
  std::uint32_t tail_end_ = 0;    // slot after the last used one of *tail_
  std::uint32_t size_ = 0;
  Chunk* free_ = nullptr;
};

}  // namespace mn
