// build: link
// memcheck: no
// tests: mi_heap_delete mi_heap_destroy mi_heap_malloc
// Threads that used a heap live on after it was deleted or destroyed by another, use the heap that is made after it,
// perhaps at its address, and end: nothing of the former one is left in them.
#include "conf.h"

enum { THREADS = 32, ROUNDS = 60 };
static mi_heap_t* heap;
static pthread_barrier_t step;
static void* work(void* arg) {
  for (int round = 0; round < ROUNDS; round++) {
    pthread_barrier_wait(&step);
    mi_heap_t* now = heap;
    // Not every thread meets every heap.
    if ((round + (int)(intptr_t)arg) % 3 != 0)
      for (int i = 0; i < 20; i++) belongs(now, mi_heap_malloc(now, (size_t)i * 60 + 1), (size_t)i * 60 + 1);
    pthread_barrier_wait(&step);
  }
  // The last heap is visited before its users end.
  pthread_barrier_wait(&step);
  return NULL;
}
static void* maker(void* arg) {
  for (int round = 0; round < ROUNDS; round++) {
    heap = mi_heap_new();
    CHECK(live(heap) == 0);
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step);
    size_t users = 0;
    for (int t = 0; t < THREADS; t++) users += (round + t) % 3 != 0;
    CHECK(live(heap) == users * 20);
    if (round % 5 == 0) mi_heap_delete(heap); else mi_heap_destroy(heap);
  }
  pthread_barrier_wait(&step);
  return arg;
}
int main(void) {
  CHECK(pthread_barrier_init(&step, NULL, THREADS + 1) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, maker, NULL) == 0);
  crew(THREADS, work);
  CHECK(pthread_join(thread, NULL) == 0);
  mi_free(mi_malloc(100));
  return 0;
}
