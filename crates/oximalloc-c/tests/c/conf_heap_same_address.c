// build: link
// tests: mi_heap_new mi_heap_destroy mi_heap_delete mi_heap_of
// When a new heap gets the address of a former one it has nothing of it: not its blocks, not its place in a thread.
#include "conf.h"

int main(void) {
  mi_heap_t* before = NULL;
  int again = 0;
  char* kept[2000];
  for (int i = 0; i < 2000; i++) {
    mi_heap_t* heap = mi_heap_new();
    CHECK(heap != NULL && live(heap) == 0);
    again += heap == before;
    before = heap;
    char* p = mi_heap_malloc(heap, 64);
    belongs(heap, p, 64);
    kept[i] = mi_heap_malloc(heap, 200);
    fill(kept[i], 200, (unsigned)i);
    CHECK(live(heap) == 2);
    if (i % 2 == 0) {
      mi_heap_delete(heap);
      CHECK(filled(kept[i], 200, (unsigned)i) && mi_heap_of(kept[i]) == mi_heap_main());
      mi_free(p);
    } else {
      mi_heap_destroy(heap);
      kept[i] = NULL;
    }
  }
  printf("the same address %d times\n", again);
  for (int i = 0; i < 2000; i += 2) {
    CHECK(filled(kept[i], 200, (unsigned)i));
    mi_free(kept[i]);
  }
  return 0;
}
