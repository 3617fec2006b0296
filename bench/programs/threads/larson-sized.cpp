/* Larson's and Krishnan's server with C++'s operator new and the operator delete that is told the size; `larson.h` says
   what it does. */
#include "../bench.h"

#include <new>

static inline void* allocate(Latency* latency, size_t size) {
  if (latency == nullptr) return checked_block(::operator new(size), size);
  uint64_t start = ticks_now();
  void* at = keep(::operator new(size));
  latency_add(&latency->alloc, start, ticks_now());
  return checked_block(at, size);
}

static inline void release(Latency* latency, void* at, size_t size) {
  if (latency == nullptr) {
    ::operator delete(keep(at), size);
    return;
  }
  uint64_t start = ticks_now();
  ::operator delete(keep(at), size);
  latency_add(&latency->free, start, ticks_now());
}

#include "larson.h"
