// build: link
// tests: mi_heap_rezalloc
// What a zeroed block in a heap gains by growing is zero, in every step.
// (The reference library leaves old bytes there in some steps; the promise is the documentation's.)
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (size_t size = 1; size < 100000; size = size * 3 + 1) {
    soil_heap(heap, size);
    char* p = mi_heap_rezalloc(heap, NULL, size);
    CHECK(p != NULL && all_bytes(p, size, 0));
    size_t now = size;
    for (int step = 0; step < 6; step++) {
      memset(p, 0x33, now);
      size_t more = now * 2 + 5;
      soil_heap(heap, more);
      p = mi_heap_rezalloc(heap, p, more);
      CHECK(p != NULL && mi_heap_of(p) == heap);
      CHECK(all_bytes(p, now, 0x33) && all_bytes(p + now, more - now, 0));
      now = more;
    }
    CHECK(mi_heap_rezalloc(heap, p, TOO_MUCH) == NULL && live(heap) == 1);
    mi_free(p);
  }
  mi_heap_delete(heap);
  return 0;
}
