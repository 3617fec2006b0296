// build: link
// tests: mi_heap_visit_blocks
// False from the visitor ends the visit there, at an area or at a block, and is the answer.
#include "conf.h"

static int calls, stop_at;
static bool stop(const mi_heap_t* heap, const mi_heap_area_t* area, void* block, size_t size, void* arg) {
  (void)heap, (void)area, (void)block, (void)size, (void)arg;
  return ++calls != stop_at;
}
int main(void) {
  mi_heap_t* heap = mi_heap_new();
  for (int i = 0; i < 100; i++) CHECK(mi_heap_malloc(heap, (size_t)(i % 4) * 3000 + 50) != NULL);
  seen_t seen = look(heap, NULL);
  CHECK(seen.blocks == 100);
  int total = (int)(seen.areas + seen.blocks);
  for (stop_at = 1; stop_at <= total + 2; stop_at++) {
    calls = 0;
    bool answer = mi_heap_visit_blocks(heap, true, stop, NULL);
    if (stop_at <= total) CHECK(!answer && calls == stop_at);
    else CHECK(answer && calls == total);
  }
  mi_heap_destroy(heap);
  return 0;
}
