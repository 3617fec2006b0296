// build: link
// tests: mi_heap_collect
// Collecting keeps every block that is in use, and only returns memory, in the end to the system.
#include "conf.h"

int main(void) {
  mi_option_set(mi_option_purge_delay, 0);
  mi_heap_t* heap = mi_heap_new();
  char* p[4000];
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < 4000; i++) fill(p[i] = mi_heap_malloc(heap, (size_t)i * 4 + 1), (size_t)i * 4 + 1, 1);
    mi_heap_collect(heap, round % 2 == 1);
    for (int i = 0; i < 4000; i++) CHECK(filled(p[i], (size_t)i * 4 + 1, 1));
    CHECK(live(heap) == 4000);
    long full = rss_kib();
    for (int i = 1; i < 4000; i++) mi_free(p[i]);
    mi_heap_collect(heap, true);
    CHECK(live(heap) == 1 && filled(p[0], 1, 1));
    CHECK(rss_kib() < full - 16000);
    mi_free(p[0]);
    mi_heap_collect(heap, false);
    CHECK(live(heap) == 0);
  }
  mi_heap_collect(mi_heap_main(), false);
  mi_heap_collect(mi_heap_main(), true);
  mi_heap_delete(heap);
  return 0;
}
