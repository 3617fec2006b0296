// build: link
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1 MIMALLOC_GUARDED_MIN=5000 MIMALLOC_GUARDED_MAX=6000
// Guarded blocks are counted in the struct, and in the JSON.
#include "stats.h"

int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (int i = 0; i < 7; i++) CHECK(mi_heap_malloc(heap, 5500) != NULL && mi_heap_malloc(heap, 100) != NULL);
  mi_stats_t stats = stats_of(heap);
  CHECK(stats.malloc_guarded_count.total == 7);
  char* text = mi_heap_stats_get_json(heap, 0, NULL);
  CHECK(text != NULL && strstr(text, "\"malloc_guarded_count\": 7,") != NULL);
  mi_free(text);
  mi_heap_destroy(heap);
  return 0;
}
