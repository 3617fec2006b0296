// build: link
// tests: mi_option_get mi_option_set mi_option_is_enabled mi_option_enable mi_option_disable mi_option_set_enabled
// tests: mi_option_get_clamp mi_option_get_size
// Options are set and read back; the older names mean the same option; what is no option is 0 and cannot be set.
#include "conf.h"

int main(void) {
  CHECK(mi_option_get(mi_option_purge_delay) == 1000 && mi_option_get(mi_option_max_errors) == 32);
  mi_option_set(mi_option_purge_delay, 20);
  CHECK(mi_option_get(mi_option_purge_delay) == 20 && mi_option_get(mi_option_reset_delay) == 20);
  mi_option_set(mi_option_purge_delay, -1);
  CHECK(mi_option_get(mi_option_purge_delay) == -1);
  CHECK(mi_option_get_clamp(mi_option_purge_delay, 0, 40) == 0);
  mi_option_set(mi_option_purge_delay, 100);
  CHECK(mi_option_get_clamp(mi_option_purge_delay, 0, 40) == 40);
  CHECK(mi_option_get_clamp(mi_option_purge_delay, 0, 400) == 100);
  CHECK(mi_option_get_clamp(mi_option_purge_delay, 200, 400) == 200);
  mi_option_disable(mi_option_purge_decommits);
  CHECK(!mi_option_is_enabled(mi_option_purge_decommits) && mi_option_get(mi_option_purge_decommits) == 0);
  mi_option_enable(mi_option_purge_decommits);
  CHECK(mi_option_is_enabled(mi_option_purge_decommits) && mi_option_get(mi_option_purge_decommits) == 1);
  mi_option_set_enabled(mi_option_purge_decommits, false);
  CHECK(!mi_option_is_enabled(mi_option_purge_decommits));
  mi_option_set_enabled(mi_option_purge_decommits, true);
  CHECK(mi_option_is_enabled(mi_option_purge_decommits));
  // Sizes are in KiB, and this gives bytes.
  CHECK(mi_option_get_size(mi_option_arena_reserve) == (size_t)mi_option_get(mi_option_arena_reserve) * 1024);
  mi_option_set(mi_option_arena_reserve, 65536);
  CHECK(mi_option_get_size(mi_option_arena_reserve) == (size_t)64 << 20);
  CHECK(mi_option_get((mi_option_t)999) == 0 && !mi_option_is_enabled((mi_option_t)999));
  CHECK(mi_option_get((mi_option_t)-1) == 0);
  mi_option_set((mi_option_t)999, 5);
  mi_option_enable((mi_option_t)-1);
  return 0;
}
