// build: link
// tests: mi_heap_theap mi_theap_get_default
// A heap has a thread-local part in each thread that asks for it: the same each time, different between threads and
// between heaps. The default one is that of the main heap.
#include "conf.h"

static mi_heap_t* heap;
static mi_theap_t *of_heap[8], *of_main[8];
static pthread_barrier_t all_there;
static void* work(void* arg) {
  int me = (int)(intptr_t)arg;
  of_heap[me] = mi_heap_theap(heap);
  of_main[me] = mi_theap_get_default();
  CHECK(of_heap[me] != NULL && of_main[me] != NULL && of_heap[me] != of_main[me]);
  mi_free(mi_malloc(10));
  CHECK(mi_heap_theap(heap) == of_heap[me]);
  CHECK(mi_heap_theap(mi_heap_main()) == mi_theap_get_default());
  // All threads live at once, so that no place is used twice.
  pthread_barrier_wait(&all_there);
  return NULL;
}
int main(void) {
  CHECK(pthread_barrier_init(&all_there, NULL, 8) == 0);
  heap = mi_heap_new();
  crew(8, work);
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < i; j++) CHECK(of_heap[i] != of_heap[j]);
  mi_heap_t* other = mi_heap_new();
  CHECK(mi_heap_theap(heap) != mi_heap_theap(other));
  mi_heap_delete(heap);
  CHECK(mi_heap_theap(other) == mi_heap_theap(other));
  mi_heap_delete(other);
  return 0;
}
