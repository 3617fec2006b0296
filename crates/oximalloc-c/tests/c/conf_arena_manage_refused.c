// build: link
// tests: mi_manage_memory
// A commit function that refuses: the blocks that need it are NULL, others go on; nothing crashes.
#include "conf.h"

enum { SIZE = 64 << 20 };
static int refused, budget = 24 << 20;
static bool commit(bool want, void* at, size_t size, bool* is_zero, void* arg) {
  (void)arg;
  if (want && (int)size > budget) {
    refused++;
    return false;
  }
  if (want) budget -= (int)size;
  if (is_zero != NULL) *is_zero = false;
  return mprotect(at, size, want ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;
}
int main(void) {
  mi_option_disable(mi_option_show_errors);
  char* p = mmap(NULL, SIZE + (64 << 20), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(p != MAP_FAILED);
  char* start = (char*)(((uintptr_t)p + (32 << 20) - 1) & ~(uintptr_t)((32 << 20) - 1));
  mi_arena_id_t arena = NULL;
  CHECK(mi_manage_memory(start, SIZE, false, false, false, -1, true, commit, NULL, &arena) && arena != NULL);
  mi_heap_t* heap = mi_heap_new_in_arena(arena);
  CHECK(heap != NULL);
  int given = 0, none = 0;
  char* blocks[64];
  for (int i = 0; i < 64; i++) {
    blocks[i] = mi_heap_malloc(heap, 1 << 20);
    if (blocks[i] == NULL) none++;
    else {
      CHECK(mi_arena_contains(arena, blocks[i]));
      memset(blocks[i], 1, 1 << 20);
      given++;
    }
  }
  CHECK(given > 0 && given <= 24 && none > 0 && refused > 0);
  mi_free(mi_malloc(1 << 20));
  for (int i = 0; i < 64; i++) mi_free(blocks[i]);
  mi_heap_destroy(heap);
  return 0;
}
