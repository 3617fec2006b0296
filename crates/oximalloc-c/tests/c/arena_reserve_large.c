// build: preload
// env: MIMALLOC_ARENA_RESERVE=1073741824
// An arena of 1 TiB, or what the system gives of it: its record is larger than what is accessible of others at first.
#include "check.h"

int main(void) {
  for (int i = 0; i < 10000; i++) {
    size_t size = (size_t)i * 7 + 1;
    char* p = malloc(opaque_size(size));
    CHECK(p != NULL);
    memset(p, i, size);
    if (i % 2 == 0) free(p);
  }
  return 0;
}
