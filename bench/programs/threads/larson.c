/* Larson's and Krishnan's server with malloc and free; `larson.h` says what it does. */
#include "../bench.h"

static inline void* allocate(Latency* latency, size_t size) { return take_timed(latency, size); }

static inline void release(Latency* latency, void* at, size_t size) {
  (void)size;
  give_timed(latency, at);
}

#include "larson.h"
