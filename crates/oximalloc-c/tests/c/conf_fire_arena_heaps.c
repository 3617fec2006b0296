// build: link
// memcheck: no
// tests: mi_heap_new_in_arena mi_heap_destroy mi_heap_delete
// 32 threads make heaps in one exclusive arena, use them and end them: all blocks are inside, and in the end the
// arena is as free as at first.
#include "conf.h"

static mi_arena_id_t arena;
static int fits(void) {
  mi_heap_t* heap = mi_heap_new_in_arena(arena);
  int count = 0;
  while (count < 1000 && mi_heap_malloc(heap, 1 << 20) != NULL) count++;
  mi_heap_destroy(heap);
  return count;
}
static void* work(void* arg) {
  for (int round = 0; round < 10; round++) {
    mi_heap_t* heap = mi_heap_new_in_arena(arena);
    CHECK(heap != NULL);
    char* p[40];
    for (int i = 0; i < 40; i++) {
      size_t size = (size_t)i * 100 + 1;
      p[i] = mi_heap_malloc(heap, size);
      CHECK(p[i] != NULL && mi_arena_contains(arena, p[i]));
      fill(p[i], size, (unsigned)(intptr_t)arg);
    }
    for (int i = 0; i < 40; i++) CHECK(filled(p[i], (size_t)i * 100 + 1, (unsigned)(intptr_t)arg));
    if (round % 4 != 0) mi_heap_destroy(heap);
    else {
      mi_heap_delete(heap);
      for (int i = 0; i < 40; i++) mi_free(p[i]);
    }
  }
  return NULL;
}
int main(void) {
  mi_option_disable(mi_option_show_errors);
  CHECK(mi_reserve_os_memory_ex(512 << 20, false, false, true, &arena) == 0);
  int before = fits();
  CHECK(before > 300);
  crew(32, work);
  mi_collect(true);
  CHECK(fits() >= before - before / 20);
  return 0;
}
