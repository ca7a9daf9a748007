#include "runtime/core/gqueue.h"

#include <sys/mman.h>

#include "runtime/core/fatal.h"

namespace mn {

GQueue::Chunk* GQueue::NewChunk() {
  if (free_ == nullptr) {
    constexpr std::size_t kChunks = 16;
    void* p = ::mmap(nullptr, kChunks * sizeof(Chunk), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
  c->next = nullptr;
  return c;
}

void GQueue::AddChunkBehind() {
  Chunk* c = NewChunk();
  if (tail_ == nullptr) {
    head_ = c;
    head_begin_ = 0;
  } else {
    tail_->next = c;
  }
  tail_ = c;
  tail_end_ = 0;
}

void GQueue::AddChunkInFront() {
  Chunk* c = NewChunk();
  c->next = head_;
  head_ = c;
  head_begin_ = kPerChunk;
  if (tail_ == nullptr) {
    tail_ = c;
    tail_end_ = kPerChunk;
  }
}

void GQueue::DropFrontChunk() {
  if (size_ == 0) {
    // One chunk stays, to be filled from its beginning.
    head_begin_ = tail_end_ = 0;
    while (head_ != tail_) {
      Chunk* c = head_;
      head_ = c->next;
      c->next = free_;
      free_ = c;
    }
    return;
  }
  Chunk* c = head_;
  head_ = c->next;
  head_begin_ = 0;
  c->next = free_;
  free_ = c;
}

}  // namespace mn
