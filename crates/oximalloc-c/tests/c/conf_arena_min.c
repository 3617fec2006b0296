// build: link
// tests: mi_arena_min_size mi_arena_min_alignment
// What an arena needs: powers of two, page-aligned; memory of just that size and alignment is accepted.
#include "conf.h"

int main(void) {
  size_t size = mi_arena_min_size(), alignment = mi_arena_min_alignment();
  CHECK(size > 0 && (size & (size - 1)) == 0 && alignment >= 4096 && (alignment & (alignment - 1)) == 0);
  CHECK(size >= alignment && size <= (size_t)1 << 30);
  char* map = mmap(NULL, size + alignment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(map != MAP_FAILED);
  char* start = (char*)(((uintptr_t)map + alignment - 1) & ~(uintptr_t)(alignment - 1));
  mi_arena_id_t arena = NULL;
  CHECK(mi_manage_os_memory_ex(start, size, true, false, true, -1, true, &arena) && arena != NULL);
  size_t area = 0;
  char* at = mi_arena_area(arena, &area);
  CHECK(at >= start && at + area <= start + size && area > 0);
  return 0;
}
