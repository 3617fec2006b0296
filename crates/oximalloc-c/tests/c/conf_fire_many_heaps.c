// build: link
// memcheck: no
// tests: mi_heap_new mi_heap_delete mi_heap_destroy
// A hundred thousand heaps, each with some blocks, made and ended one after another: memory stays flat.
#include "conf.h"

int main(void) {
  long after_first = 0;
  for (int i = 0; i < 100000; i++) {
    mi_heap_t* heap = mi_heap_new();
    CHECK(heap != NULL);
    char* p[3];
    for (int k = 0; k < 3; k++) fill(p[k] = mi_heap_malloc(heap, (size_t)(i % 50 + 1) << k), (size_t)(i % 50 + 1), 1);
    if (i % 2 == 0) mi_heap_destroy(heap);
    else {
      mi_free(p[0]);
      mi_heap_delete(heap);
      CHECK(filled(p[1], (size_t)(i % 50 + 1), 1));
      mi_free(p[1]);
      mi_free(p[2]);
    }
    if (i == 5000) after_first = rss_kib();
    if (i % 5000 == 0 && i > 5000) CHECK(rss_kib() < after_first + 30000);
  }
  return 0;
}
