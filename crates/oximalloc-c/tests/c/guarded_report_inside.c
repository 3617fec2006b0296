// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_ABORT_ON_ERROR=0
// env: MIMALLOC_SHOW_ERRORS=1
// stderr: it is 16 bytes behind the start of a block of 40 bytes, which is in use
// stderr: it is 16 bytes behind the start of a block of 40 bytes, which was freed before
// stderr: it is -8 bytes behind the start of a block of 40 bytes, which was freed before
// stderr: usable_size: use after free: the block 0x
// stderr: realloc: use after free: the block 0x
// A pointer into a sampled block that is freed is reported, with the stacks; so are other uses of a freed one. The
// program goes on if it is to.
#include "guarded.h"

int main(void) {
  char* p = malloc(opaque_size(40));
  free(opaque(p + 16));
  memset(p, 1, 40);
  free(p);
  free(opaque(p + 16));
  free(opaque(p - 8));
  CHECK(malloc_usable_size(opaque(p)) == 0);
  CHECK(realloc(opaque(p), 50) == NULL);
  return 0;
}
