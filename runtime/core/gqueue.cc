#include "runtime/core/gqueue.h"

#include <sys/mman.h>

#include "runtime/core/fatal.h"

namespace mn {

// Takes a chunk off the free list, which it fills first if there is none.
GQueue::Chunk* GQueue::NewChunk() {
  if (free_ == nullptr) {
    // mmap, because malloc is not async-signal-safe and a signal handler puts
    // goroutines into the global queue. Several chunks, because the caller
    // holds sched.lock, and every M waits during a call into the kernel.
    constexpr std::size_t kChunks = 16;
    void* p = ::mmap(nullptr, kChunks * sizeof(Chunk), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    // No way on. The goroutine that is to be queued would be lost.
    if (p == MAP_FAILED)
      Throw("no memory for the global queue", "out of memory");
    auto* chunks = static_cast<Chunk*>(p);
    for (std::size_t i = 0; i < kChunks; i++) {
      chunks[i].next = free_;
      free_ = &chunks[i];
    }
  }
  Chunk* c = free_;
  free_ = c->next;
  // The chunk may become the last one, which has no next.
  c->next = nullptr;
  return c;
}

// Called by PushBack when the last chunk is full.
void GQueue::AddChunkBehind() {
  Chunk* c = NewChunk();
  // The first chunk of all is the head too.
  if (tail_ == nullptr) {
    head_ = c;
    head_begin_ = 0;
  } else {
    tail_->next = c;
  }
  tail_ = c;
  tail_end_ = 0;  // empty, and filled from its beginning
}

// Called by PushFront when the first chunk has no room at its beginning.
void GQueue::AddChunkInFront() {
  Chunk* c = NewChunk();
  c->next = head_;
  head_ = c;
  // The chunk is filled from its end, since PushFront goes down.
  head_begin_ = kPerChunk;
  if (tail_ == nullptr) {
    // PushBack must not write behind the end, so it will add a chunk.
    tail_ = c;
    tail_end_ = kPerChunk;
  }
}

// Called by Pop, whose common way is short enough to be inlined.
void GQueue::DropFrontChunk() {
  if (size_ == 0) {
    // One chunk stays, to be filled from its beginning. A queue that is now and
    // then empty would otherwise go through the free list each time.
    head_begin_ = tail_end_ = 0;
    while (head_ != tail_) {
      Chunk* c = head_;
      head_ = c->next;
      c->next = free_;
      free_ = c;
    }
    return;
  }
  // The queue has more, and the next chunk begins with it. Only the first chunk
  // may begin in its middle.
  Chunk* c = head_;
  head_ = c->next;
  head_begin_ = 0;
  // Kept for the next NewChunk and never unmapped.
  c->next = free_;
  free_ = c;
}

}  // namespace mn
