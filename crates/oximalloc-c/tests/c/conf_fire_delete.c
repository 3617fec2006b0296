// build: link
// memcheck: no
// tests: mi_heap_delete mi_heap_of mi_heap_main mi_free
// A heap that 32 threads filled is deleted while they allocate in other heaps and free its blocks. What they keep
// stays valid, and is in the main heap afterwards.
#include "conf.h"

enum { THREADS = 32, ROUNDS = 20, EACH = 200 };
static mi_heap_t *doomed, *other[4];
static pthread_barrier_t step;
static char* kept[THREADS][EACH];
static size_t size_of(int i) { return i % 40 == 0 ? 70000 : (size_t)i * 13 % 2000 + 1; }

static void* work(void* arg) {
  int me = (int)(intptr_t)arg, neighbour = (me + 1) % THREADS;
  for (int round = 0; round < ROUNDS; round++) {
    pthread_barrier_wait(&step);
    for (int i = 0; i < EACH; i++) fill(kept[me][i] = mi_heap_malloc(doomed, size_of(i)), size_of(i), (unsigned)me);
    pthread_barrier_wait(&step);
    // The heap is being deleted now.
    for (int i = 0; i < EACH; i++) {
      char* p = mi_heap_malloc(other[(me + i) % 4], size_of(i));
      fill(p, size_of(i), 99);
      if (i % 2 == 0) {
        CHECK(filled(kept[neighbour][i], size_of(i), (unsigned)neighbour));
        mi_free(kept[neighbour][i]);
      }
      CHECK(filled(p, size_of(i), 99));
      mi_free(p);
    }
    pthread_barrier_wait(&step);
    // It is gone.
    for (int i = 1; i < EACH; i += 2) {
      CHECK(filled(kept[me][i], size_of(i), (unsigned)me) && mi_heap_of(kept[me][i]) == mi_heap_main());
      if (i % 4 == 1) kept[me][i] = mi_realloc(kept[me][i], size_of(i) + 100);
      CHECK(filled(kept[me][i], size_of(i), (unsigned)me));
      mi_free(kept[me][i]);
    }
  }
  return NULL;
}
static void* deleter(void* arg) {
  for (int round = 0; round < ROUNDS; round++) {
    doomed = mi_heap_new();
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step);
    mi_heap_delete(doomed);
    pthread_barrier_wait(&step);
  }
  return arg;
}
int main(void) {
  CHECK(pthread_barrier_init(&step, NULL, THREADS + 1) == 0);
  for (int i = 0; i < 4; i++) other[i] = mi_heap_new();
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, deleter, NULL) == 0);
  crew(THREADS, work);
  CHECK(pthread_join(thread, NULL) == 0);
  for (int i = 0; i < 4; i++) {
    CHECK(live(other[i]) == 0);
    mi_heap_delete(other[i]);
  }
  return 0;
}
