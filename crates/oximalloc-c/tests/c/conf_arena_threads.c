// build: link
// tests: mi_heap_new_in_arena
// All threads of a heap in an arena have their blocks there.
#include "conf.h"

static mi_arena_id_t arena;
static mi_heap_t* heap;
static void* work(void* arg) {
  uint64_t state = (uint64_t)(intptr_t)arg + 1;
  for (int i = 0; i < 2000; i++) {
    size_t size = next_number(&state) % 5000 + 1;
    char* p = mi_heap_malloc(heap, size);
    CHECK(p != NULL && mi_arena_contains(arena, p) && mi_arena_contains(arena, p + size - 1));
    fill(p, size, 1);
    CHECK(filled(p, size, 1));
    if (i % 8 != 0) mi_free(p);
  }
  return NULL;
}
int main(void) {
  CHECK(mi_reserve_os_memory_ex(256 << 20, false, false, true, &arena) == 0);
  heap = mi_heap_new_in_arena(arena);
  crew(8, work);
  CHECK(live(heap) == 8 * 250);
  mi_heap_destroy(heap);
  heap = mi_heap_new_in_arena(arena);
  crew(8, work);
  CHECK(live(heap) == 8 * 250);
  mi_heap_destroy(heap);
  return 0;
}
