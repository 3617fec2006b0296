// build: link
// tests: mi_heap_visit_blocks
// Without blocks a visit tells the areas alone, each once, with their sizes and how much of each is used; an empty
// heap may have areas, with nothing in them.
#include "conf.h"

static bool check(const mi_heap_t* heap, const mi_heap_area_t* area, void* block, size_t size, void* arg) {
  seen_t* seen = arg;
  (void)heap, (void)size;
  CHECK(block == NULL && area->blocks != NULL);
  CHECK(area->committed <= area->reserved && area->block_size <= area->full_block_size);
  CHECK(area->used * area->block_size <= area->reserved);
  seen->areas++;
  seen->used += area->used;
  seen->bytes += area->used * area->block_size;
  return true;
}
int main(void) {
  mi_heap_t* heap = mi_heap_new();
  seen_t seen = {0};
  CHECK(mi_heap_visit_blocks(heap, false, check, &seen) && seen.used == 0);
  size_t bytes = 0;
  EACH_SIZE(size) {
    for (int i = 0; i < 10; i++) CHECK(mi_heap_malloc(heap, size) != NULL);
    bytes += 10 * size;
  }
  seen = (seen_t){0};
  CHECK(mi_heap_visit_blocks(heap, false, check, &seen) && seen.used == 150 && seen.bytes >= bytes && seen.areas >= 20);
  mi_heap_destroy(heap);
  return 0;
}
