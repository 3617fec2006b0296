// build: link
// env: MIMALLOC_ARENA_RESERVE=65536
// tests: mi_option_enable mi_reserve_os_memory
// With disallow_os_alloc only the reserved arenas serve: when these are full the answer is NULL, and what is freed can
// be had again.
#include "conf.h"

int main(void) {
  mi_option_disable(mi_option_show_errors);
  CHECK(mi_reserve_os_memory(64 << 20, true, false) == 0);
  mi_option_enable(mi_option_disallow_os_alloc);
  static char* p[4096];
  int count = 0;
  while (count < 4096 && (p[count] = mi_malloc(1 << 20)) != NULL) fill(p[count++], 1 << 20, 1);
  CHECK(count > 30 && count < 4096);
  for (int i = 0; i < count; i++) {
    CHECK(filled(p[i], 1 << 20, 1));
    mi_free(p[i]);
  }
  CHECK((p[0] = mi_malloc(1 << 20)) != NULL);
  mi_free(p[0]);
  mi_option_disable(mi_option_disallow_os_alloc);
  CHECK((p[0] = mi_malloc(500 << 20)) != NULL);
  mi_free(p[0]);
  return 0;
}
