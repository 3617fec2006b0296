// build: link
// tests: mi_unsafe_heap_page_is_under_utilized
// Tells whether the page of a block has few of its blocks in use, so that moving the block could help: not of a page
// that is full, not of a block in another heap, not of NULL.
#include "conf.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  void* p[20000];
  for (int i = 0; i < 20000; i++) p[i] = mi_heap_malloc(heap, 64);
  for (int i = 0; i < 10000; i++) CHECK(!mi_unsafe_heap_page_is_under_utilized(heap, p[i], 50));
  for (int i = 0; i < 20000; i++) if (i % 100 != 0) mi_free(p[i]);
  int few = 0;
  for (int i = 0; i < 20000; i += 100) few += mi_unsafe_heap_page_is_under_utilized(heap, p[i], 80);
  CHECK(few > 0);
  CHECK(!mi_unsafe_heap_page_is_under_utilized(heap, NULL, 80));
  mi_heap_t* other = mi_heap_new();
  CHECK(!mi_unsafe_heap_page_is_under_utilized(other, p[0], 80));
  mi_heap_destroy(heap);
  mi_heap_delete(other);
  return 0;
}
