// build: link
// env: MIMALLOC_VISIT_ABANDONED=1
// tests: mi_heap_visit_abandoned_blocks
// The blocks of ended threads are seen by a visit of the abandoned ones, those of living threads are not; false stops.
// (The reference library sees only a part of these blocks; the promise is the documentation's.)
#include "conf.h"

static mi_heap_t* heap;
static void* p[4][100];
static void* work(void* arg) {
  for (int i = 0; i < 100; i++) p[(intptr_t)arg][i] = mi_heap_malloc(heap, (size_t)i * 30 + 1);
  return NULL;
}
static bool stop(const mi_heap_t* h, const mi_heap_area_t* area, void* block, size_t size, void* arg) {
  (void)h, (void)area, (void)block, (void)size;
  return ++*(int*)arg < 7;
}
int main(void) {
  heap = mi_heap_new();
  void* mine = mi_heap_malloc(heap, 64);
  crew(4, work);
  seen_t seen = {.wanted = p[2][50]};
  CHECK(mi_heap_visit_abandoned_blocks(heap, true, see, &seen));
  CHECK(seen.blocks == 400 && seen.used == 400 && seen.found == 1);
  seen = (seen_t){.wanted = mine};
  CHECK(mi_heap_visit_abandoned_blocks(heap, true, see, &seen) && seen.found == 0);
  seen = (seen_t){0};
  CHECK(mi_heap_visit_abandoned_blocks(heap, false, see, &seen) && seen.blocks == 0 && seen.used == 400);
  int calls = 0;
  CHECK(!mi_heap_visit_abandoned_blocks(heap, true, stop, &calls) && calls == 7);
  CHECK(live(heap) == 401);
  mi_heap_t* other = mi_heap_new();
  seen = (seen_t){0};
  CHECK(mi_heap_visit_abandoned_blocks(other, true, see, &seen) && seen.blocks == 0);
  mi_heap_destroy(heap);
  mi_heap_delete(other);
  return 0;
}
