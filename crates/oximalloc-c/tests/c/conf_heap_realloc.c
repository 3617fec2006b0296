// build: link
// tests: mi_heap_realloc mi_heap_reallocn mi_heap_reallocf
// A block of the heap keeps its contents and its heap through growing and shrinking; a failure leaves it, or frees it
// where the function's name says so.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  EACH_SIZE(from) {
    for (size_t j = 0; j < sizeof SIZES / sizeof *SIZES; j++) {
      size_t to = SIZES[j], least = from < to ? from : to;
      char* p = mi_heap_realloc(heap, NULL, from);
      CHECK(p != NULL && mi_heap_of(p) == heap);
      fill(p, from, 5);
      p = mi_heap_realloc(heap, p, to);
      CHECK(p != NULL && filled(p, least, 5));
      belongs(heap, p, to);
      CHECK(live(heap) == 1);
      mi_free(p);
    }
  }
  char* p = mi_heap_reallocn(heap, NULL, 10, 10);
  fill(p, 100, 1);
  p = mi_heap_reallocn(heap, p, 1000, 10);
  CHECK(p != NULL && filled(p, 100, 1));
  CHECK(mi_heap_reallocn(heap, p, OVERFLOWING, 16) == NULL && filled(p, 100, 1) && live(heap) == 1);
  CHECK(mi_heap_realloc(heap, p, TOO_MUCH) == NULL && filled(p, 100, 1) && live(heap) == 1);
  p = mi_heap_realloc(heap, p, 0);
  CHECK(p != NULL && live(heap) == 1);
  p = mi_heap_reallocf(heap, p, 500);
  belongs(heap, p, 500);
  CHECK(mi_heap_reallocf(heap, p, TOO_MUCH) == NULL && live(heap) == 0);
  mi_heap_delete(heap);
  return 0;
}
