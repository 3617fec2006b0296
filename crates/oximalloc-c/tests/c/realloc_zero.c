// build: preload
// realloc and reallocarray to nothing give a minimal block that can be freed and grown (POSIX leaves the choice).
#include "check.h"

int main(void) {
  for (int i = 0; i < 100; i++) {
    void* p = realloc(malloc(100), opaque_size(0));
    CHECK(p != NULL);
    p = realloc(p, 50);
    CHECK(p != NULL);
    p = reallocarray(p, opaque_size(0), 16);
    CHECK(p != NULL);
    free(p);
  }
  void* p = reallocarray(NULL, opaque_size(0), opaque_size(0));
  CHECK(p != NULL);
  free(p);
  return 0;
}
