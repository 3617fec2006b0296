// build: link
// tests: mi_heap_malloc
// A heap belongs to no thread: all allocate in it, any frees, and what ended threads left is still its.
#include "conf.h"

static mi_heap_t* heap;
static char* left[8][100];
static void* work(void* arg) {
  int me = (int)(intptr_t)arg;
  for (int i = 0; i < 1000; i++) {
    void* p = mi_heap_malloc(heap, (size_t)i + 1);
    belongs(heap, p, (size_t)i + 1);
    mi_free(p);
  }
  for (int i = 0; i < 100; i++) fill(left[me][i] = mi_heap_malloc(heap, (size_t)i * 50 + 1), (size_t)i * 50 + 1, 1);
  return NULL;
}
int main(void) {
  heap = mi_heap_new();
  crew(8, work);
  for (int t = 0; t < 8; t++)
    for (int i = 0; i < 100; i++) CHECK(filled(left[t][i], (size_t)i * 50 + 1, 1) && mi_heap_of(left[t][i]) == heap);
  CHECK(live(heap) == 800);
  for (int t = 0; t < 8; t++)
    for (int i = 0; i < 100; i++) mi_free(left[t][i]);
  CHECK(live(heap) == 0);
  mi_heap_delete(heap);
  return 0;
}
