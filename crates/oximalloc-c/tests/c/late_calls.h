// What the tests of calls after a thread's end share: threads one after the other, each of which makes its last call when the C
// library has told of its end; what a thread leaves behind is nothing, whatever their number.
#ifndef LATE_CALLS_H
#define LATE_CALLS_H
#include "stats.h"

// Threads that the library counts, and parts of heaps.
static inline int64_t threads_counted(void) { return stats_of(NULL).threads.current; }
static inline int64_t theaps_counted(void) { return stats_of(NULL).theaps.current; }

// Memory that `threads` threads with `work` leave, in KiB.
static inline long left_by(int threads, void* (*work)(void*), void* arg) {
  long before = rss_kib();
  for (int i = 0; i < threads; i++) {
    pthread_t id;
    CHECK(pthread_create(&id, NULL, work, arg) == 0);
    CHECK(pthread_join(id, NULL) == 0);
  }
  return rss_kib() - before;
}

// As many threads again leave no more than the first ones, who left little: what one thread leaves would be found in both.
static inline void leaves_nothing(void* (*work)(void*), void* arg) {
  left_by(20, work, arg);
  int64_t threads = threads_counted(), theaps = theaps_counted();
  long first = left_by(100, work, arg), second = left_by(300, work, arg);
  CHECK(first < 1024 && second < 1024);
  CHECK(threads_counted() == threads && theaps_counted() == theaps);
}
#endif
