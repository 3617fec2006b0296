// build: link
// tests: mi_reserve_os_memory mi_reserve_os_memory_ex mi_arena_area mi_arena_contains
// Memory that is reserved is an arena with a place and a size; nothing, and more than there is, are ENOMEM.
#include "conf.h"

int main(void) {
  CHECK(mi_reserve_os_memory(64 << 20, false, false) == 0);
  CHECK(mi_reserve_os_memory(64 << 20, true, true) == 0);
  mi_arena_id_t arenas[3] = {NULL, NULL, NULL};
  for (int i = 0; i < 3; i++) {
    CHECK(mi_reserve_os_memory_ex(100 << 20, i == 1, false, i == 2, &arenas[i]) == 0 && arenas[i] != NULL);
    size_t size = 0;
    char* start = mi_arena_area(arenas[i], &size);
    CHECK(start != NULL && size >= 96 << 20 && mi_any_heap_contains(start) == mi_any_heap_contains(start));
    CHECK(mi_arena_contains(arenas[i], start) && mi_arena_contains(arenas[i], start + size - 1));
    CHECK(!mi_arena_contains(arenas[i], start + size) && !mi_arena_contains(arenas[i], start - 1));
    for (int j = 0; j < i; j++) CHECK(arenas[i] != arenas[j] && !mi_arena_contains(arenas[j], start));
  }
  // The identity is not always wanted.
  CHECK(mi_reserve_os_memory_ex(64 << 20, false, false, true, NULL) == 0);
  CHECK(mi_reserve_os_memory(MORE_THAN_ANY, false, false) != 0);
  mi_arena_id_t none = NULL;
  CHECK(mi_reserve_os_memory_ex(MORE_THAN_ANY, false, false, false, &none) != 0);
  mi_free(mi_malloc(1000));
  return 0;
}
