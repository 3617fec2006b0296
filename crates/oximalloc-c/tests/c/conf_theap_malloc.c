// build: link
// tests: mi_theap_malloc mi_theap_malloc_small mi_theap_malloc_aligned
// What a thread-local heap allocates belongs to its heap.
#include "conf.h"

static void with(mi_heap_t* heap) {
  mi_theap_t* theap = mi_heap_theap(heap);
  EACH_SIZE(size) {
    void *p = mi_theap_malloc(theap, size), *q = mi_theap_malloc_aligned(theap, size, 4096);
    belongs(heap, p, size);
    belongs(heap, q, size);
    CHECK(aligned_to(q, 4096) && look(heap, p).found == 1 && look(heap, q).found == 1);
    mi_free(p);
    mi_free(q);
    if (size > MI_SMALL_SIZE_MAX) continue;
    p = mi_theap_malloc_small(theap, size);
    belongs(heap, p, size);
    mi_free_small(p);
  }
  void* p = mi_theap_malloc(theap, 0);
  CHECK(p != NULL);
  mi_free(p);
  CHECK(mi_theap_malloc(theap, TOO_MUCH) == NULL && mi_theap_malloc_aligned(theap, TOO_MUCH, 64) == NULL);
  CHECK(mi_theap_malloc_aligned(theap, 10, opaque_size(24)) == NULL);
}
int main(void) {
  mi_heap_t* heap = mi_heap_new();
  with(heap);
  with(mi_heap_main());
  CHECK(live(heap) == 0);
  mi_heap_delete(heap);
  return 0;
}
