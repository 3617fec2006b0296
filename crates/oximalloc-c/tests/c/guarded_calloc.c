// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_GUARDED_PRECISE=1
// signal: SIGSEGV
// stdout: at the guard
// calloc, strdup and aligned_alloc give guarded blocks too.
#include "guarded.h"

int main(void) {
  void* zeroed = calloc(7, 3);
  char* copy = strdup("precisely");
  volatile char* aligned = aligned_alloc(256, 512);
  CHECK(is_guarded(zeroed) && is_guarded(copy) && is_guarded((void*)aligned) && is_aligned((void*)aligned, 256));
  CHECK(malloc_usable_size(zeroed) == 21 && malloc_usable_size(copy) == 10);
  expect_fault((void*)(aligned + 512));
  aligned[512] = 1;
  return 0;
}
