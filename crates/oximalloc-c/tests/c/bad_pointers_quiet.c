// build: preload
// env: MIMALLOC_SHOW_ERRORS=0
// no-stderr: mimalloc
// Without show_errors a foreign pointer is left alone in silence.
#include "check.h"

int main(void) {
  char on_stack[100] = "stack";
  for (int i = 0; i < 1000; i++) {
    free(opaque(on_stack + i % 50));
    CHECK(malloc_usable_size(opaque(on_stack + 16)) == 0);
    CHECK(realloc(opaque(on_stack + 32), opaque_size(10)) == NULL);
  }
  CHECK(strcmp(on_stack, "stack") == 0);
  CHECK(malloc(opaque_size(SIZE_MAX)) == NULL);
  return 0;
}
