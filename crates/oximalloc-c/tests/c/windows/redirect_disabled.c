// build: link
// env: MIMALLOC_DISABLE_REDIRECT=1
// The program may do without redirection.
#include "../conf.h"

int main(void) {
  CHECK(!mi_is_redirected());
  char* p = malloc(100);
  CHECK(p != NULL && !mi_any_heap_contains(p));
  free(p);
  p = mi_malloc(100);
  CHECK(mi_any_heap_contains(p));
  mi_free(p);
  return 0;
}
