// secure: 0
// build: link
// A large block that grows in place is in the peak as large as it is, not at its old size and its new one together.
#include <mimalloc.h>
#include <mimalloc-stats.h>
#include "check.h"

int main(void) {
  mi_stats_t_decl(stats);
  size_t size = 10 << 20;
  char* p = mi_malloc(size);
  for (int i = 0; i < 8; i++) {
    size += 1 << 20;
    CHECK(mi_realloc(p, size) == p);
  }
  size_t usable = mi_usable_size(p);
  CHECK(usable >= size && mi_stats_get(&stats));
  CHECK((size_t)stats.malloc_huge.current == usable);
  CHECK((size_t)stats.malloc_huge.peak == usable);
  CHECK((size_t)stats.page_committed.peak < usable + (1 << 20));
  mi_free(p);
  CHECK(mi_stats_get(&stats));
  CHECK(stats.malloc_huge.current == 0 && (size_t)stats.malloc_huge.peak == usable);
  return 0;
}
