// secure: 0
// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// signal: SIGSEGV
// stdout: at the guard
// Without the precise option guarded blocks keep the alignment of all blocks: an overflow faults past the next multiple
// of 16, and what is used up to there, and before, does not.
#include "guarded.h"

int main(void) {
  volatile char* p = malloc(opaque_size(21));
  CHECK(is_aligned((void*)p, 16) && malloc_usable_size((void*)p) == 32);
  for (int i = 0; i < 32; i++) p[i] = 1;
  expect_fault((void*)(p + 32));
  p[32] = 1;
  return 0;
}
