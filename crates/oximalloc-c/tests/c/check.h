// What the test programs share: a check that names its line and ends the program with 1, and small tools.
#ifndef CHECK_H
#define CHECK_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// More bytes than any system gives: 2^60, or what is more than PTRDIFF_MAX where that is less.
#define MORE_THAN_ANY ((size_t)1 << (sizeof(size_t) > 4 ? 60 : 31))
// Its square is one more than the largest number.
#define ROOT_OF_ALL ((size_t)1 << (4 * sizeof(size_t)))

#if defined(__linux__) && !defined(__GLIBC__)
// What other C libraries do not declare; and what glibc's own function is here, in one they do not have.
#ifdef __cplusplus
extern "C" {
#endif
extern void* pvalloc(size_t size) __attribute__((weak));
extern void mi_collect(bool force) __attribute__((weak));
#ifdef __cplusplus
}
#endif
static inline void malloc_trim(size_t pad) {
  if (pad == 0 && mi_collect != NULL) mi_collect(true);
}
#endif

#define CHECK(condition)                                                              \
  do {                                                                                \
    if (!(condition)) {                                                               \
      char line_[512];                                                                \
      int len_ = snprintf(line_, sizeof line_, "%s:%d: failed: %s (errno %d)\n",      \
                          __FILE__, __LINE__, #condition, errno);                     \
      if (write(2, line_, (size_t)len_) < 0) _exit(2);                                \
      _exit(1);                                                                       \
    }                                                                                 \
  } while (0)

#ifdef _WIN32
#include "windows/resident.h"
#else
// Address space and resident memory of this process, in KiB; -1 if that cannot be read.
static inline void memory_kib(long* mapped, long* resident) {
  FILE* f = fopen("/proc/self/statm", "r");
  bool read = f != NULL && fscanf(f, "%ld %ld", mapped, resident) == 2;
  if (f != NULL) fclose(f);
  long kib = sysconf(_SC_PAGESIZE) / 1024;
  *mapped = read ? *mapped * kib : -1;
  *resident = read ? *resident * kib : -1;
}
#endif
static inline long rss_kib(void) {
  long mapped, resident;
  memory_kib(&mapped, &resident);
  return resident;
}
static inline long mapped_gib(void) {
  long mapped, resident;
  memory_kib(&mapped, &resident);
  CHECK(mapped > 0);
  return mapped >> 20;
}

static inline double seconds_of(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
// By the clock, which also goes on while other programs run: for waiting and for telling, not to be judged by.
static inline double seconds(void) { return seconds_of(CLOCK_MONOTONIC); }
// What this thread has used of a processor. Compare with another figure of the same run.
static inline double cpu_seconds(void) { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

// Hides a value from the optimiser.
static inline void* opaque(void* p) {
  __asm__ volatile("" : "+r"(p) : : "memory");
  return p;
}
static inline size_t opaque_size(size_t n) {
  __asm__ volatile("" : "+r"(n));
  return n;
}
static inline bool is_aligned(const void* p, size_t alignment) { return ((uintptr_t)p & (alignment - 1)) == 0; }
static inline bool all_bytes(const void* p, size_t n, unsigned char value) {
  const unsigned char* at = (const unsigned char*)p;
  for (size_t i = 0; i < n; i++)
    if (at[i] != value) return false;
  return true;
}
#endif
