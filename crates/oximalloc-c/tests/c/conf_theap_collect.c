// build: link
// tests: mi_theap_collect
// Collecting a thread-local heap, also after other threads freed into it, keeps what is in use.
#include "conf.h"

static char* p[3000];
static void* free_half(void* arg) {
  for (int i = (int)(intptr_t)arg; i < 3000; i += 4) if (i % 2 == 0) mi_free(p[i]);
  return NULL;
}
int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 3000; i++) fill(p[i] = mi_heap_malloc(heap, (size_t)i + 1), (size_t)i + 1, 1);
    crew(4, free_half);
    mi_theap_collect(mi_heap_theap(heap), round % 2 == 0);
    for (int i = 1; i < 3000; i += 2) CHECK(filled(p[i], (size_t)i + 1, 1));
    CHECK(live(heap) == 1500);
    for (int i = 1; i < 3000; i += 2) mi_free(p[i]);
    mi_theap_collect(mi_heap_theap(heap), true);
    CHECK(live(heap) == 0);
  }
  mi_theap_collect(mi_theap_get_default(), false);
  mi_theap_collect(mi_theap_get_default(), true);
  mi_heap_delete(heap);
  return 0;
}
