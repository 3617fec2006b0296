// build: preload
// env: MIMALLOC_SHOW_ERRORS=yes
// env: MIMALLOC_PURGE_DELAY=25
// env: MIMALLOC_ARENA_RESERVE=64M
// env: MIMALLOC_RESET_DECOMMITS=off
// env: MIMALLOC_VERBOSE=false
// no-stderr: mimalloc
// Options from the environment: numbers, words, sizes with a unit, and older names; set by call too.
#include "check.h"

extern long mi_option_get(int) __attribute__((weak));
extern size_t mi_option_get_size(int) __attribute__((weak));
extern void mi_option_set(int, long) __attribute__((weak));
extern _Bool mi_option_is_enabled(int) __attribute__((weak));

int main(void) {
  CHECK(mi_option_get != NULL);
  CHECK(mi_option_is_enabled(0));
  CHECK(mi_option_get(15) == 25);
  CHECK(mi_option_get(23) == 64 * 1024 && mi_option_get_size(23) == (size_t)64 << 20);
  CHECK(!mi_option_is_enabled(5));
  CHECK(!mi_option_is_enabled(2));
  mi_option_set(15, 50);
  CHECK(mi_option_get(15) == 50);
  free(malloc(10));
  return 0;
}
