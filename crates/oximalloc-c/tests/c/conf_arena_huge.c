// build: link
// tests: mi_reserve_huge_os_pages_at mi_reserve_huge_os_pages_at_ex mi_reserve_huge_os_pages_interleave
// tests: mi_reserve_huge_os_pages
// Pages of 1 GiB: zero of them is no error; where the system has none it is ENOMEM (or ETIMEDOUT), and where it has
// some they are an arena. Either way the rest works on.
#include "conf.h"

static void either(int answer) { CHECK(answer == 0 || answer == ENOMEM || answer == ETIMEDOUT); }
int main(void) {
  mi_option_disable(mi_option_show_errors);
  CHECK(mi_reserve_huge_os_pages_at(0, -1, 0) == 0 && mi_reserve_huge_os_pages_interleave(0, 0, 0) == 0);
  either(mi_reserve_huge_os_pages_at(1, -1, 100));
  either(mi_reserve_huge_os_pages_at(1, 0, 100));
  either(mi_reserve_huge_os_pages_interleave(1, 0, 100));
  either(mi_reserve_huge_os_pages_interleave(1, 1, 100));
  size_t reserved = 99;
  int answer = mi_reserve_huge_os_pages(1, 0.1, &reserved);
  either(answer);
  if (answer == 0) CHECK(reserved <= 1);
  either(mi_reserve_huge_os_pages(1, 0.1, NULL));
  mi_arena_id_t arena = NULL;
  answer = mi_reserve_huge_os_pages_at_ex(1, -1, 100, true, &arena);
  either(answer);
  if (answer == 0) {
    size_t size = 0;
    CHECK(mi_arena_area(arena, &size) != NULL && size > 0);
  }
  mi_free(mi_malloc(100));
  return 0;
}
