// build: link
// tests: mi_heap_recalloc
// As mi_heap_rezalloc, by a number of things.
// (The reference library leaves old bytes there in some steps; the promise is the documentation's.)
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (size_t each = 1; each < 5000; each = each * 4 + 1) {
    soil_heap(heap, 2 * each);
    char* p = mi_heap_recalloc(heap, NULL, 2, each);
    CHECK(p != NULL && all_bytes(p, 2 * each, 0));
    for (size_t count = 2; count < 100; count *= 3) {
      memset(p, 0x44, count * each);
      soil_heap(heap, 3 * count * each);
      p = mi_heap_recalloc(heap, p, 3 * count, each);
      CHECK(p != NULL && mi_heap_of(p) == heap);
      CHECK(all_bytes(p, count * each, 0x44) && all_bytes(p + count * each, 2 * count * each, 0));
    }
    CHECK(mi_heap_recalloc(heap, p, OVERFLOWING, 16) == NULL && live(heap) == 1);
    mi_free(p);
  }
  CHECK(mi_heap_recalloc(heap, NULL, OVERFLOWING, 16) == NULL && live(heap) == 0);
  mi_heap_delete(heap);
  return 0;
}
