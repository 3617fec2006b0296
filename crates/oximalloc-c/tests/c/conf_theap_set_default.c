// build: link
// tests: mi_theap_set_default mi_theap_get_default
// Another thread-local heap serves the plain functions of this thread, and of no other, until the former one, which
// the call returns, is put back. (The reference library does not have this function.)
#include "conf.h"

static void* elsewhere(void* arg) {
  (void)arg;
  char* p = mi_malloc(100);
  CHECK(mi_heap_of(p) == mi_heap_main());
  mi_free(p);
  return NULL;
}
int main(void) {
  mi_heap_t* heap = mi_heap_new();
  mi_theap_t *mine = mi_heap_theap(heap), *main_one = mi_theap_get_default();
  CHECK(mi_theap_set_default(mine) == main_one && mi_theap_get_default() == mine);
  void *p = mi_malloc(100), *q = mi_calloc(3, 5000), *r = mi_malloc_aligned(1 << 20, 4096);
  char* s = mi_strdup("text");
  CHECK(mi_heap_of(p) == heap && mi_heap_of(q) == heap && mi_heap_of(r) == heap && mi_heap_of(s) == heap);
  void* m = mi_heap_malloc(mi_heap_main(), 100);
  CHECK(mi_heap_of(m) == mi_heap_main());
  crew(1, elsewhere);
  CHECK(mi_theap_set_default(main_one) == mine && mi_theap_get_default() == main_one);
  void* t = mi_malloc(100);
  CHECK(mi_heap_of(t) == mi_heap_main() && mi_heap_of(p) == heap);
  mi_free(m);
  mi_free(t);
  mi_free(p);
  mi_free(q);
  mi_free(r);
  mi_free(s);
  // A heap that is deleted or destroyed while it is the default.
  CHECK(mi_theap_set_default(mine) == main_one);
  p = mi_malloc(64);
  CHECK(mi_heap_of(p) == heap);
  mi_theap_set_default(main_one);
  mi_heap_delete(heap);
  CHECK(mi_heap_of(p) == mi_heap_main());
  mi_free(p);
  return 0;
}
