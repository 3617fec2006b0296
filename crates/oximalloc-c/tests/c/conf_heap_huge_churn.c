// build: link
// tests: mi_heap_malloc mi_heap_destroy mi_heap_visit_blocks
// Huge blocks of a heap come and go, singly and with the heap: counts are exact, and 100 GiB in all stay small.
#include "conf.h"

int main(void) {
  long first = 0;
  for (int round = 0; round < 200; round++) {
    mi_heap_t* heap = mi_heap_new();
    char* p[16];
    for (int i = 0; i < 16; i++) {
      size_t size = (size_t)(i + 17) << 20;
      CHECK((p[i] = i % 3 == 0 ? mi_heap_zalloc(heap, size) : mi_heap_malloc(heap, size)) != NULL);
      CHECK(i % 3 != 0 || (p[i][0] == 0 && p[i][size / 2] == 0 && p[i][size - 1] == 0));
      p[i][0] = p[i][size / 2] = p[i][size - 1] = 1;
    }
    seen_t seen = {0};
    CHECK(mi_heap_visit_blocks(heap, true, see, &seen) && seen.blocks == 16 && seen.bytes >= (size_t)16 * 17 << 20);
    for (int i = 0; i < 16; i += 2) mi_free(p[i]);
    CHECK(live(heap) == 8);
    mi_heap_destroy(heap);
    if (round == 20) first = rss_kib();
  }
  CHECK(rss_kib() < first + 300000);
  return 0;
}
