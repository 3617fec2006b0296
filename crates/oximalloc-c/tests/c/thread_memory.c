// build: preload
// wrap: prlimit --as=400000000
// Threads that fail to get memory for their first allocation, and get it later.
#include "check.h"

enum { THREADS = 50 };
static pthread_barrier_t barrier;
static int got;

static void* thread(void* arg) {
  pthread_barrier_wait(&barrier);
  // Memory is gone now: a first allocation is null, or what little is left.
  for (int i = 0; i < 100; i++) {
    errno = 0;
    void* p = malloc(opaque_size(3000));
    CHECK(p != NULL || errno == ENOMEM);
    free(p);
  }
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  void* p = malloc(opaque_size(3000));
  if (p != NULL) __atomic_add_fetch(&got, 1, __ATOMIC_RELAXED);
  free(p);
  return arg;
}

int main(void) {
  static void* all[100000];
  int count = 0;
  pthread_t ids[THREADS];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  pthread_barrier_init(&barrier, NULL, THREADS + 1);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&ids[i], &attributes, thread, NULL) == 0);
  for (size_t size = 64 << 20; size >= 1000; size /= 2)
    while (count < 100000 && (all[count] = malloc(size)) != NULL) count++;
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < count; i++) free(all[i]);
  malloc_trim(0);
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(ids[i], NULL) == 0);
  CHECK(got == THREADS);
  return 0;
}
