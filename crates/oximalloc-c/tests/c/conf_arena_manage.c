// build: link
// tests: mi_manage_os_memory mi_manage_os_memory_ex mi_arena_contains mi_heap_new_in_arena
// The program's own memory becomes an arena; a heap there has its blocks in it. Too small, or NULL, is refused.
#include "conf.h"

enum { SIZE = 128 << 20 };
static char* map(void) {
  char* p = mmap(NULL, SIZE + (64 << 20), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(p != MAP_FAILED);
  return (char*)(((uintptr_t)p + (32 << 20) - 1) & ~(uintptr_t)((32 << 20) - 1));
}
int main(void) {
  char* start = map();
  mi_arena_id_t arena = NULL;
  CHECK(mi_manage_os_memory_ex(start, SIZE, true, false, true, -1, true, &arena) && arena != NULL);
  CHECK(mi_arena_contains(arena, start + SIZE / 2) && !mi_arena_contains(arena, start + SIZE));
  mi_heap_t* heap = mi_heap_new_in_arena(arena);
  CHECK(heap != NULL);
  for (size_t size = 1; size < 10 << 20; size = size * 7 + 1) {
    char *p = mi_heap_malloc(heap, size), *z = mi_heap_zalloc(heap, size);
    CHECK(p != NULL && z != NULL && all_bytes(z, size, 0));
    CHECK(p >= start && p + size <= start + SIZE && z >= start && z + size <= start + SIZE);
    belongs(heap, p, size);
    CHECK(mi_arena_contains(arena, p) && mi_arena_contains(arena, z));
    if (size % 2 == 0) mi_free(p);
  }
  mi_heap_destroy(heap);
  CHECK(mi_manage_os_memory(map(), SIZE, true, false, true, -1));
  // Memory that was used before, and says so, is zeroed where that is asked for.
  char* used = map();
  memset(used, 0xff, SIZE);
  CHECK(mi_manage_os_memory_ex(used, SIZE, true, true, false, 0, true, &arena));
  heap = mi_heap_new_in_arena(arena);
  for (size_t size = 8; size < 4 << 20; size *= 5) {
    char* z = mi_heap_zalloc(heap, size);
    CHECK(z >= used && z < used + SIZE && all_bytes(z, size, 0));
  }
  mi_heap_destroy(heap);
  CHECK(!mi_manage_os_memory(NULL, SIZE, true, false, true, -1));
  CHECK(!mi_manage_os_memory(map(), 4096, true, false, true, -1));
  return 0;
}
