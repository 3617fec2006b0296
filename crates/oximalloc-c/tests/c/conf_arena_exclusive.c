// build: link
// tests: mi_reserve_os_memory_ex mi_heap_new_in_arena
// Nothing is placed in an exclusive arena but by the heaps that were made for it; and these place nothing elsewhere:
// when it is full they answer NULL.
#include "conf.h"

int main(void) {
  mi_option_disable(mi_option_show_errors);
  mi_arena_id_t arena = NULL;
  CHECK(mi_reserve_os_memory_ex(64 << 20, false, false, true, &arena) == 0);
  mi_heap_t *inside = mi_heap_new_in_arena(arena), *outside = mi_heap_new();
  CHECK(inside != NULL && outside != NULL);
  for (size_t size = 1; size < 100 << 20; size = size * 3 + 1) {
    void *p = mi_malloc(size), *q = mi_heap_malloc(outside, size);
    CHECK(p != NULL && q != NULL && !mi_arena_contains(arena, p) && !mi_arena_contains(arena, q));
    mi_free(p);
    mi_free(q);
  }
  char* blocks[100];
  int count = 0;
  while (count < 100 && (blocks[count] = mi_heap_malloc(inside, 1 << 20)) != NULL) {
    CHECK(mi_arena_contains(arena, blocks[count]));
    fill(blocks[count++], 1 << 20, 1);
  }
  CHECK(count >= 32 && count < 64);
  CHECK(mi_heap_malloc(inside, 100 << 20) == NULL);
  for (int i = 0; i < count; i++) {
    CHECK(filled(blocks[i], 1 << 20, 1));
    mi_free(blocks[i]);
  }
  void* again = mi_heap_malloc(inside, 1 << 20);
  CHECK(again != NULL && mi_arena_contains(arena, again));
  mi_heap_destroy(inside);
  mi_heap_destroy(outside);
  return 0;
}
