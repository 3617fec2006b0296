// build: link
// env: MIMALLOC_PURGE_DELAY=77
// tests: mi_option_set_default mi_option_set_enabled_default
// A default counts where neither the environment nor the program said otherwise.
#include "conf.h"

int main(void) {
  mi_option_set_default(mi_option_purge_delay, 30);
  CHECK(mi_option_get(mi_option_purge_delay) == 77);
  mi_option_set_default(mi_option_max_warnings, 5);
  CHECK(mi_option_get(mi_option_max_warnings) == 5);
  mi_option_set(mi_option_max_errors, 7);
  mi_option_set_default(mi_option_max_errors, 9);
  CHECK(mi_option_get(mi_option_max_errors) == 7);
  mi_option_set_enabled_default(mi_option_show_stats, false);
  CHECK(!mi_option_is_enabled(mi_option_show_stats));
  mi_option_set_enabled_default(mi_option_disallow_arena_alloc, true);
  CHECK(mi_option_is_enabled(mi_option_disallow_arena_alloc));
  mi_option_set_enabled_default(mi_option_disallow_arena_alloc, false);
  mi_option_set_default((mi_option_t)999, 5);
  return 0;
}
