// build: preload
// env: MIMALLOC_GUARDED_SAMPLE_RATE=1
// env: MIMALLOC_GUARDED_PRECISE=1
// signal: SIGSEGV
// stdout: at the guard
// A read of one byte past a precisely guarded block ends the program, also after a realloc of the block.
#include "guarded.h"

int main(void) {
  volatile char* p = realloc(malloc(opaque_size(10)), opaque_size(100001));
  p[100000] = 1;
  expect_fault((void*)(p + 100001));
  return p[100001];
}
